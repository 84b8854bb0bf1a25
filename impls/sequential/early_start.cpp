// Not applicable: while it works no call is under way.
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void early_start(BlockingClient&, const Scenario&, Recorder&) {
  throw NotApplicable("one thing after another: no call goes on while it works");
}

}  // namespace fanbench::sequential
