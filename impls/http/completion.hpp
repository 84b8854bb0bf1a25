// What follows a call that holds up no thread.
#pragma once

#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "impls/contract/records.hpp"

namespace fanbench {

/// A handler of any type, to be invoked once with the reply: what C++23 has as std::move_only_function. It
/// allocates nothing: a coroutine that waits is two pointers, and a handler hardly more.
class Completion {
 public:
  Completion() = default;
  template <class Handler>
  requires std::invocable<Handler&, const Reply&>
  explicit Completion(Handler handler) : operations_(&operations_of<Handler>) {
    static_assert(sizeof(Handler) <= sizeof room_ && alignof(Handler) <= alignof(std::max_align_t),
                  "too much is captured: let it be a pointer");
    ::new (room_) Handler(std::move(handler));
  }
  Completion(Completion&& other) noexcept { take(other); }
  Completion& operator=(Completion&& other) noexcept {
    clear();
    take(other);
    return *this;
  }
  ~Completion() { clear(); }

  explicit operator bool() const noexcept { return operations_ != nullptr; }
  void operator()(const Reply& reply) && { operations_->invoke(room_, reply); }

 private:
  struct Operations {
    void (*move)(void* from, void* to) noexcept;
    void (*destroy)(void* handler) noexcept;
    void (*invoke)(void* handler, const Reply& reply);
  };
  template <class Handler>
  static constexpr Operations operations_of{
      [](void* from, void* to) noexcept {
        ::new (to) Handler(std::move(*static_cast<Handler*>(from)));
        static_cast<Handler*>(from)->~Handler();
      },
      [](void* handler) noexcept { static_cast<Handler*>(handler)->~Handler(); },
      [](void* handler, const Reply& reply) { (*static_cast<Handler*>(handler))(reply); }};

  void take(Completion& other) noexcept {
    if (other.operations_) other.operations_->move(other.room_, room_);
    operations_ = std::exchange(other.operations_, nullptr);
  }
  void clear() noexcept {
    if (operations_) std::exchange(operations_, nullptr)->destroy(room_);
  }

  const Operations* operations_ = nullptr;  // none: it holds no handler
  alignas(std::max_align_t) std::byte room_[6 * sizeof(void*)];
};

}  // namespace fanbench
