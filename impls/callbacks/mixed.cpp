// All calls at once, and work after each reply: in its handler, where all others wait for it (the famous
// mistake), or posted to a pool of threads, which posts the result back.
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"
#include "impls/kernel.hpp"

namespace fanbench::callbacks {
namespace {

struct Mixed {
  Fanout& fanout;
  Pending calls;
  asio::thread_pool pool;

  void replied(CallId id, const Reply& reply) {
    if (fanout.scenario.placement == Placement::in_line) return end(id, digest(fanout.scenario, reply));
    asio::post(pool, [this, id, reply] {
      const Reply result = digest(fanout.scenario, reply);
      asio::post(fanout.loop, [this, id, result] { end(id, result); });
    });
  }
  void end(CallId id, const Reply& result) {
    fanout.recorder.finish(id, result);
    calls.end();
  }
};

}  // namespace

void mixed(Fanout& fanout) {
  const Scenario& scenario = fanout.scenario;
  Mixed mixed{fanout, Pending(fanout.loop, scenario.calls),
              asio::thread_pool(scenario.placement == Placement::offload ? scenario.cpus : 1)};
  for (CallId id = 0; id < scenario.calls; ++id) {
    fanout.recorder.start(id);
    fanout.client.get({scenario.run, id}, [&mixed, id](const Reply& reply) { mixed.replied(id, reply); });
  }
  mixed.calls.wait();
}

}  // namespace fanbench::callbacks
