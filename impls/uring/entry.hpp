// The io_uring model as the catalogue knows it, built with liburing or without.
#pragma once

#include "impls/contract/model.hpp"

namespace fanbench::uring {

ModelEntry entry();

}  // namespace fanbench::uring
