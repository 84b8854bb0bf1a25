// The registry: every workload, in the order in which reports show them. Each has a file of its own.
#include <algorithm>
#include <stdexcept>

#include "bench/specification/specification.hpp"

namespace fanbench {

namespace workloads {
Specification gather(), all_settled(), task_group(), first_completed(), timeout(), semaphore(), worker_pool(),
    producer_consumer(), pipeline(), retry(), paginate(), early_start(), shield(), hedged(), background(),
    bridge(), drain(), rate_limited(), stream(), broadcast(), llm_client(), page(), crawl(), mixed(), cpu();
}  // namespace workloads

std::span<const Specification> specifications() {
  using namespace workloads;
  static const std::vector<Specification> all = {
      gather(),     all_settled(),  task_group(),  first_completed(),
      timeout(),    semaphore(),    worker_pool(), producer_consumer(),
      pipeline(),   retry(),        paginate(),    early_start(),
      shield(),     hedged(),       background(),  bridge(),
      drain(),      rate_limited(), stream(),      broadcast(),
      llm_client(), page(),         crawl(),       mixed(),
      cpu(),
  };
  return all;
}

const Specification& specification_of(std::string_view workload) {
  const auto all = specifications();
  const auto found = std::ranges::find(all, workload, &Specification::workload);
  if (found == all.end())
    throw std::logic_error("workload " + std::string(workload) + " has no specification");
  return *found;
}

}  // namespace fanbench
