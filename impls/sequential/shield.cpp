// Not applicable: when all is cancelled, most calls would not have begun.
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void shield(BlockingClient&, const Scenario&, Recorder&) {
  throw NotApplicable("one call after another: those that wait for their turn would be cancelled unasked");
}

}  // namespace fanbench::sequential
