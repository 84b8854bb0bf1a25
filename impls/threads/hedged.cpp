// All calls at once, each in a thread of its own; this thread waits until second copies are due and starts a
// thread for each. Whichever copy is answered first requests a stop, which takes the other out of its
// blocking call.
#include "impls/threads/hedging.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void hedged(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  make_hedged_calls(client, scenario, recorder);
}

}  // namespace fanbench::threads
