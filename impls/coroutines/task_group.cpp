// All calls at once; the first that fails throws, which makes its group cancel the others, wait until they
// are gone, and throw the error on.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/group.hpp"

namespace fanbench::coroutines {
namespace {

struct CallFailed {
  CallId id;
};

Awaitable<void> call_or_throw(AsyncClient& client, Request request, Recorder& recorder) {
  const Reply reply = co_await call<Reply>(client, request, recorder);
  if (reply.verdict != Verdict::ok && reply.verdict != Verdict::cancelled) throw CallFailed{request.id};
}

}  // namespace

Awaitable<void> task_group(const Lanes& lanes, const Scenario& scenario, Recorder& recorder) {
  std::vector<Prepared> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    const auto& [loop, client] = lanes.of(id);
    calls.push_back({loop, call_or_throw(client, {scenario.run, id}, recorder)});
  }
  try {
    co_await run_group(std::move(calls), asio::experimental::wait_for_one_error());
  } catch (const CallFailed& failed) {
    recorder.choose(failed.id);
  }
}

}  // namespace fanbench::coroutines
