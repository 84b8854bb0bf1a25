// Each piece of work is posted to a pool with a thread for each CPU: on the loop they would take turns.
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"
#include "impls/kernel.hpp"

namespace fanbench::callbacks {

void cpu(Fanout& fanout) {
  Pending pieces(fanout.loop, fanout.scenario.calls);
  asio::thread_pool pool(fanout.scenario.cpus);
  for (CallId id = 0; id < fanout.scenario.calls; ++id) {
    asio::post(pool, [&fanout, &pieces, id] {
      fanout.recorder.start(id);
      fanout.recorder.finish(id, compute(fanout.scenario, id));
      asio::post(fanout.loop, [&pieces] { pieces.end(); });
    });
  }
  pieces.wait();
}

}  // namespace fanbench::callbacks
