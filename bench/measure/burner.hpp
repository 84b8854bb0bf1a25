// A model that costs more than it should: a regression made on purpose, to try the gate with.
#pragma once

#include <sys/types.h>

#include "impls/contract/model.hpp"

namespace fanbench {

/// The same model, which after each run burns so many percent of the CPU that the run took in all of our
/// processes but `server` (0: none), on the thread that ran it.
ModelEntry burning(ModelEntry model, unsigned percent, pid_t server);

}  // namespace fanbench
