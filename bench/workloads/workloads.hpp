// The specifications, one file each.
#pragma once

#include "bench/workloads/specification.hpp"

namespace fanbench {

extern const Specification gather_specification;
extern const Specification all_settled_specification;
extern const Specification task_group_specification;
extern const Specification first_completed_specification;
extern const Specification timeout_specification;
extern const Specification semaphore_specification;
extern const Specification worker_pool_specification;
extern const Specification producer_consumer_specification;
extern const Specification pipeline_specification;
extern const Specification retry_specification;
extern const Specification paginate_specification;
extern const Specification mixed_specification;
extern const Specification cpu_specification;

}  // namespace fanbench
