// The callback model: every call is an operation with a handler, and one thread invokes the handlers from an
// event loop. What the coroutines beside it cost is the difference between the two models. With several loops
// the calls are dealt out, and their handlers are still the first one's.
#pragma once

#include <boost/asio/bind_cancellation_slot.hpp>

#include "impls/contract/model.hpp"
#include "impls/http/async.hpp"

namespace fanbench::callbacks {

/// What a fan-out is done with.
struct Fanout {
  asio::io_context& loop;
  AsyncClient& client;
  const Scenario& scenario;
  Recorder& recorder;

  /// Makes a call of one attempt, recorded, and goes on with `then(reply)`.
  template <class Then>
  void call(const Request& request, Then then) {
    recorder.start(request.id);
    client.get(request, ended(request.id, then));
  }
  /// The same of one that can be cancelled.
  template <class Then>
  void call(const Request& request, asio::cancellation_signal& cancellation, Then then) {
    recorder.start(request.id);
    client.get(request, asio::bind_cancellation_slot(cancellation.slot(), ended(request.id, then)));
  }

 private:
  template <class Then>
  auto ended(CallId id, Then then) {
    return [this, id, then](const Reply& reply) {
      recorder.finish(id, reply);
      then(reply);
    };
  }
};

/// How a workload is done: it begins the calls, and runs the loop until they have ended.
using Workload = void(Fanout& fanout);

ModelEntry entry();

}  // namespace fanbench::callbacks
