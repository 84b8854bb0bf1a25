// All calls at once; the first that fails throws, which makes its group cancel the others, wait until they
// are gone, and throw the error on.
#include "impls/coroutines/coroutines.hpp"
#include "impls/coroutines/spawn.hpp"

namespace fanbench {
namespace {

struct CallFailed {
  CallId id;
};

Awaitable<void> call_or_throw(AwaitableClient& client, Request request, Recorder& recorder) {
  const Reply reply = co_await fetch(client, request, recorder);
  if (reply.verdict != Verdict::ok && reply.verdict != Verdict::cancelled) throw CallFailed{request.id};
}

Awaitable<void> group(AwaitableClient& client, const Scenario& scenario, Recorder& recorder) {
  const auto loop = co_await asio::this_coro::executor;
  std::vector<Spawned> calls;
  for (CallId id = 0; id < scenario.calls; ++id) {
    calls.push_back(spawn(loop, call_or_throw(client, {scenario.run, id}, recorder)));
  }
  co_await run_group(std::move(calls), asio::experimental::wait_for_one_error());
}

}  // namespace

void Coroutines::task_group(const Scenario& scenario, Recorder& recorder) {
  try {
    run(group(*client_, scenario, recorder));
  } catch (const CallFailed& failed) {
    recorder.choose(failed.id);
  }
}

}  // namespace fanbench
