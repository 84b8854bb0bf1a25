// Each subscriber is a worker process, which tells when it has entered the room; then this process publishes.
// Between two messages it looks after its workers: one that dies loses its own messages alone.
#include "impls/http/blocking.hpp"
#include "impls/http/messages.hpp"
#include "impls/processes/processes.hpp"

namespace fanbench::processes {
namespace {

/// Until each has entered the room, or has ended: an id may come twice.
void wait_for_subscribers(ProcessPool& pool, const Scenario& scenario) {
  std::vector<bool> heard_of(scenario.calls);
  for (std::uint32_t outside = scenario.calls; outside > 0;) {
    const CallId id = pool.wait_for_one();
    outside -= !heard_of[id];
    heard_of[id] = true;
  }
}

}  // namespace

void broadcast(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  if (pool.size() < scenario.calls)
    throw NotApplicable(
        "the pool has fewer workers than subscribers: those that wait for one would miss the messages");
  const auto client = make_blocking_client(pool.setup());
  const auto publisher = client->enter_room(scenario.run);
  for (CallId id = 0; id < scenario.calls; ++id) pool.submit(Task::subscribe, id);
  wait_for_subscribers(pool, scenario);
  for (Publication publication(scenario, recorder); !publication.over();) {
    while (Recorder::Clock::now() < publication.due()) pool.wait_for_one(publication.due());
    if (publisher->say(publication.take())) continue;
    recorder.note(publisher_failed);
    return pool.cancel_all();
  }
  pool.wait_for_all();
}

}  // namespace fanbench::processes
