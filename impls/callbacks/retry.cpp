// All calls at once, each tried again until it succeeds or its attempts are used up: the handler of a failed
// attempt sets a timer, whose handler tries again. With a limit each attempt takes a permit, and gives it
// back before the wait.
#include <deque>
#include <optional>

#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"
#include "impls/callbacks/semaphore.hpp"

namespace fanbench::callbacks {
namespace {

struct Retries {
  Fanout& fanout;
  Pending calls;
  std::optional<Semaphore> permits;
};

struct Call {
  Retries& run;
  CallId id;
  Timer timer{run.fanout.loop.get_executor()};
  Attempt attempt = 0;

  void begin() {
    if (!run.permits) return make_attempt();
    run.permits->acquire([this] { make_attempt(); });
  }
  void make_attempt() {
    run.fanout.recorder.start(id);
    run.fanout.client.get({run.fanout.scenario.run, id, attempt},
                          [this](const Reply& reply) { attempt_ended(reply); });
  }
  void attempt_ended(const Reply& reply) {
    const Scenario& scenario = run.fanout.scenario;
    const bool over = reply.verdict == Verdict::ok || attempt + 1 == scenario.attempts;
    if (over) {
      run.fanout.recorder.finish(id, reply);
    } else {
      run.fanout.recorder.end(id, attempt, reply);
      timer.expires_after(backoff(scenario, id, attempt++, reply.retry_after));
      timer.async_wait([this](const boost::system::error_code&) { begin(); });
    }
    if (run.permits) run.permits->release();
    if (over) run.calls.end();
  }
};

}  // namespace

void retry(Fanout& fanout) {
  const Scenario& scenario = fanout.scenario;
  Retries run{fanout, Pending(fanout.loop, scenario.calls), std::nullopt};
  if (scenario.limit > 0) run.permits.emplace(fanout.loop, scenario.limit);
  std::deque<Call> calls;
  for (CallId id = 0; id < scenario.calls; ++id) calls.emplace_back(run, id).begin();
  run.calls.wait();
}

}  // namespace fanbench::callbacks
