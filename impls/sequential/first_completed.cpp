// Not applicable: the first call to be made would win, whatever its delay.
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void first_completed(BlockingClient&, const Scenario&, Recorder&) {
  throw NotApplicable("calls are made one after another, so there is no race to win");
}

}  // namespace fanbench::sequential
