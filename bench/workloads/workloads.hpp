// The specifications, one file each.
#pragma once

#include "bench/specification.hpp"

namespace fanbench {

extern const Specification gather_specification;
extern const Specification semaphore_specification;
extern const Specification first_completed_specification;
extern const Specification retry_specification;

}  // namespace fanbench
