// What can be given up together.
#pragma once

#include <boost/intrusive/list.hpp>

#include "impls/uring/loop.hpp"

namespace fanbench::uring {

/// An awaited operation that can be given up: it then ends without a result, as soon as the kernel lets it.
class Cancellable
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  virtual void cancel() = 0;

 protected:
  ~Cancellable() = default;
};

/// Those of its operations that are under way when it is cancelled are given up, and those that are begun
/// after it. It outlives them.
class CancelScope {
 public:
  bool cancelled() const noexcept { return cancelled_; }
  void cancel() {
    cancelled_ = true;
    while (!under_way_.empty()) {
      Cancellable& next = under_way_.front();
      under_way_.pop_front();
      next.cancel();
    }
  }
  void add(Cancellable& operation) { under_way_.push_back(operation); }

 private:
  boost::intrusive::list<Cancellable, boost::intrusive::constant_time_size<false>> under_way_;
  bool cancelled_ = false;
};

/// Cancels the scope at a time, unless it ends before.
class Deadline final : public Timed {
 public:
  Deadline(Loop& loop, Clock::time_point at, CancelScope& scope) : Timed(at), scope_(scope) {
    loop.set(*this);
  }
  void expired() override { scope_.cancel(); }

 private:
  CancelScope& scope_;
};

/// To be awaited: until a time, or until its scope is cancelled.
class Sleep final : Timed, Cancellable {
 public:
  Sleep(Loop& loop, Clock::time_point until, CancelScope* scope = nullptr)
      : Timed(until), loop_(loop), scope_(scope) {}

  bool await_ready() const noexcept { return scope_ && scope_->cancelled(); }
  void await_suspend(std::coroutine_handle<> by) {
    ready_.coroutine = by;
    loop_.set(*this);
    if (scope_) scope_->add(*this);
  }
  void await_resume() const noexcept {}

 private:
  void expired() override {
    Cancellable::unlink();
    ready_.coroutine.resume();
  }
  void cancel() override {
    Timed::unlink();
    loop_.go_on(ready_);
  }

  Loop& loop_;
  CancelScope* scope_;
  Ready ready_;
};

}  // namespace fanbench::uring
