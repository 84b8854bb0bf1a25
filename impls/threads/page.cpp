// All calls of all pages at once, each in a thread that waits for its reply until its page's deadline, and
// hedged as in hedged: a page is ready when the last of its threads has ended.
#include "impls/threads/hedging.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void page(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  make_hedged_calls(client, scenario, recorder);
}

}  // namespace fanbench::threads
