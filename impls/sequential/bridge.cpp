// Not applicable: nothing runs beside the callers that could call for them.
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void bridge(BlockingClient&, const Scenario&, Recorder&) {
  throw NotApplicable("one thing after another: there is nobody else to hand a call to");
}

}  // namespace fanbench::sequential
