// Not applicable: who waits for one subscriber's message has left all others.
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void broadcast(BlockingClient&, const Scenario&, Recorder&) {
  throw NotApplicable("one connection waited on at a time: of several subscribers it could follow none");
}

}  // namespace fanbench::sequential
