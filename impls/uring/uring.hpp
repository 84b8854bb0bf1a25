// The io_uring model: C++20 coroutines on a loop, a task type and a client that were written for io_uring and
// for nothing else. With several loops the calls are dealt out, and their coroutines are still on the first.
#pragma once

#include "impls/contract/model.hpp"
#include "impls/uring/cancel_scope.hpp"
#include "impls/uring/client.hpp"
#include "impls/uring/task.hpp"

namespace fanbench::uring {

/// What a fan-out is done with.
struct Fanout {
  Loop& loop;
  Client& client;
  const Scenario& scenario;
  Recorder& recorder;
};

/// How a workload is done: a coroutine that ends with the fan-out.
using Workload = Task<>(Fanout& fanout);

/// One call of one attempt, recorded; `call<Reply>` returns its reply, for those who need it.
template <class Result = void>
Task<Result> call(Fanout& fanout, Request request) {
  fanout.recorder.start(request.id);
  const Reply reply = co_await fanout.client.get(request);
  fanout.recorder.finish(request.id, reply);
  if constexpr (!std::is_void_v<Result>) co_return reply;
}

}  // namespace fanbench::uring
