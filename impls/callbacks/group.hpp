// Calls that can be cancelled together, and deadlines that do it.
#pragma once

#include <vector>

#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"

namespace fanbench::callbacks {

/// A signal for each call: a slot has room for one operation.
class Cancellations {
 public:
  explicit Cancellations(std::size_t calls) : signals_(calls) {}

  asio::cancellation_signal& of(CallId id) { return signals_[id]; }
  /// Those that have ended do not mind.
  void cancel_all() {
    for (asio::cancellation_signal& signal : signals_) signal.emit(asio::cancellation_type::terminal);
  }

 private:
  std::vector<asio::cancellation_signal> signals_;
};

/// Makes a call that times out where it is cancelled, and goes on with `then()`.
template <class Then>
void call_or_time_out(Fanout& fanout, const Request& request, asio::cancellation_signal& cancellation,
                      Then then) {
  fanout.recorder.start(request.id);
  const auto ended = [&recorder = fanout.recorder, id = request.id, then](Reply reply) {
    if (reply.verdict == Verdict::cancelled) reply.verdict = Verdict::timed_out;
    recorder.finish(id, reply);
    then();
  };
  fanout.client.get(request, asio::bind_cancellation_slot(cancellation.slot(), ended));
}

/// Invokes a handler at a time, unless it is called off before.
class Alarm {
 public:
  Alarm(Fanout& fanout, Pending& pending) : timer_(fanout.loop.get_executor()), pending_(pending) {}

  /// Something more to wait for, until it has rung or was called off.
  template <class Ring>
  void set(Timer::time_point at, Ring ring) {
    pending_.begin();
    timer_.expires_at(at);
    timer_.async_wait([this, ring](const boost::system::error_code& called_off) {
      if (!called_off) ring();
      pending_.end();
    });
  }
  void call_off() { timer_.cancel(); }

 private:
  Timer timer_;
  Pending& pending_;
};

/// A group of calls of which those that are left at the deadline are cancelled.
class Deadline {
 public:
  Deadline(Fanout& fanout, std::uint32_t calls, Timer::time_point at)
      : pending_(fanout.loop, calls), cancellations_(calls), alarm_(fanout, pending_) {
    if (calls > 0) alarm_.set(at, [this] { cancellations_.cancel_all(); });
  }

  asio::cancellation_signal& cancellation_of(CallId id) { return cancellations_.of(id); }
  /// To be told of each call.
  void ended() {
    pending_.end();
    if (pending_.left() == 1) alarm_.call_off();
  }
  void wait() { pending_.wait(); }

 private:
  Pending pending_;
  Cancellations cancellations_;
  Alarm alarm_;
};

}  // namespace fanbench::callbacks
