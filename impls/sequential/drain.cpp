// Not applicable: a call that is under way at the signal is under way until its end.
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void drain(BlockingClient&, const Scenario&, Recorder&) {
  throw NotApplicable("one thing after another: nobody waits for the signal while a call is under way");
}

}  // namespace fanbench::sequential
