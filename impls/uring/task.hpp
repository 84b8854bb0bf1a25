// Coroutines for the loop: one that is awaited, many that run beside each other and are waited for.
#pragma once

#include <cassert>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <memory_resource>
#include <optional>
#include <type_traits>
#include <utility>

#include "impls/uring/loop.hpp"

namespace fanbench::uring {

class Join;

/// What coroutines have in common. Their frames come from pools of equal blocks, a block for each.
class Promise {
 public:
  static void* operator new(std::size_t bytes) { return frames().allocate(bytes); }
  static void operator delete(void* frame, std::size_t bytes) { frames().deallocate(frame, bytes); }

  std::suspend_always initial_suspend() const noexcept { return {}; }
  auto final_suspend() const noexcept { return Last{}; }
  void unhandled_exception() noexcept { failure_ = std::current_exception(); }

 protected:
  template <class>
  friend class Task;
  friend class Join;

  /// Goes on with whoever waits for it.
  struct Last {
    bool await_ready() const noexcept { return false; }
    template <class Derived>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Derived> ended) const noexcept {
      Promise& promise = ended.promise();
      return promise.join_ ? ended_in_join(promise, ended) : promise.awaited_by_;
    }
    void await_resume() const noexcept {}
  };
  static std::coroutine_handle<> ended_in_join(Promise& promise, std::coroutine_handle<> ended) noexcept;

  static std::pmr::memory_resource& frames() {
    thread_local std::pmr::unsynchronized_pool_resource pools;
    return pools;
  }

  std::coroutine_handle<> awaited_by_{};
  Join* join_ = nullptr;  // of one that nobody awaits
  std::exception_ptr failure_{};
};

/// A coroutine that begins when it is awaited or spawned, and belongs to this until then.
template <class T = void>
class [[nodiscard]] Task {
 public:
  struct promise_type;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle coroutine) noexcept : coroutine_(coroutine) {}
  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, {})) {}
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  Handle await_suspend(std::coroutine_handle<> by) noexcept {
    coroutine_.promise().awaited_by_ = by;
    return coroutine_;
  }
  T await_resume() {
    promise_type& promise = coroutine_.promise();
    if (promise.failure_) std::rethrow_exception(promise.failure_);
    if constexpr (!std::is_void_v<T>) return std::move(*promise.result);
  }

 private:
  friend class Join;
  Handle coroutine_;
};

template <class T>
struct Task<T>::promise_type : Promise {
  Task get_return_object() noexcept { return Task(Handle::from_promise(*this)); }
  void return_value(T value) { result = std::move(value); }
  std::optional<T> result{};
};
template <>
struct Task<void>::promise_type : Promise {
  Task get_return_object() noexcept { return Task(Handle::from_promise(*this)); }
  void return_void() const noexcept {}
};

/// Coroutines that run beside each other. To be awaited before its end: it goes on when all have ended, and
/// throws what the first of them threw.
class Join {
 public:
  Join() = default;
  Join(const Join&) = delete;
  Join& operator=(const Join&) = delete;
  ~Join() { assert(running_ == 0); }

  /// Begins it at once.
  void spawn(Task<> task) {
    const auto coroutine = std::exchange(task.coroutine_, {});
    coroutine.promise().join_ = this;
    ++running_;
    coroutine.resume();
  }

  bool await_ready() const noexcept { return running_ == 0; }
  void await_suspend(std::coroutine_handle<> by) noexcept { awaited_by_ = by; }
  void await_resume() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  friend class Promise;
  std::coroutine_handle<> awaited_by_{};
  std::size_t running_ = 0;
  std::exception_ptr failure_{};
};

inline std::coroutine_handle<> Promise::ended_in_join(Promise& promise,
                                                      std::coroutine_handle<> ended) noexcept {
  Join& join = *promise.join_;
  if (!join.failure_) join.failure_ = std::move(promise.failure_);
  ended.destroy();
  if (--join.running_ > 0 || !join.awaited_by_) return std::noop_coroutine();
  return join.awaited_by_;
}

/// Runs the loop until the coroutine has ended; rethrows what it threw.
inline void run(Loop& loop, Task<> task) {
  bool done = false;
  const auto main = [](Task<> work, bool& ended) -> Task<> {
    std::exception_ptr failure;
    try {
      co_await work;
    } catch (...) {
      failure = std::current_exception();
    }
    ended = true;
    if (failure) std::rethrow_exception(failure);
  };
  Join join;
  join.spawn(main(std::move(task), done));
  loop.run_until(done);
  join.await_resume();
}

}  // namespace fanbench::uring
