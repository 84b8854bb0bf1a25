// Not applicable: a second copy would begin when the first has ended.
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void hedged(BlockingClient&, const Scenario&, Recorder&) {
  throw NotApplicable("one call after another: a second copy would wait for the first");
}

}  // namespace fanbench::sequential
