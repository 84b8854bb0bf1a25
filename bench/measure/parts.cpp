// The workload simulated twice: as planned, and as served.
#include "bench/measure/parts.hpp"

namespace fanbench {

Parts parts_of(const Case& c, const Run& run) {
  const Specification& specification = specification_of(c.workload);
  return {.makespan = run.outcome.makespan,
          .ideal = specification.ideal(c),
          .served_ideal = specification.served_ideal(c, run.ledger)};
}

}  // namespace fanbench
