// A stack of idle things that any thread may take from and give back to.
#pragma once

#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace fanbench {

template <class T>
class IdlePool {
 public:
  /// The one given back last, whose memory is most likely still in a cache; nothing where none is idle.
  std::optional<T> take() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return std::nullopt;
    std::optional<T> taken(std::move(idle_.back()));
    idle_.pop_back();
    return taken;
  }
  void give_back(T thing) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(thing));
  }
  /// All of them: none is idle then.
  std::vector<T> take_all() {
    const std::lock_guard lock(mutex_);
    return std::exchange(idle_, {});
  }

 private:
  std::mutex mutex_;
  std::vector<T> idle_;
};

}  // namespace fanbench
