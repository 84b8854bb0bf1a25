// All calls at once, and work of our own meanwhile: on a thread beside the loop. In a handler it would hold
// up all replies.
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"
#include "impls/kernel.hpp"

namespace fanbench::callbacks {

void early_start(Fanout& fanout) {
  Pending pending(fanout.loop, fanout.scenario.calls + std::size_t{1});
  asio::thread_pool beside(1);
  for (CallId id = 0; id < fanout.scenario.calls; ++id) {
    fanout.call({fanout.scenario.run, id}, [&pending](const Reply&) { pending.end(); });
  }
  asio::post(beside, [&fanout, &pending] {
    work_meanwhile(fanout.scenario, fanout.recorder);
    asio::post(fanout.loop, [&pending] { pending.end(); });
  });
  pending.wait();
}

}  // namespace fanbench::callbacks
