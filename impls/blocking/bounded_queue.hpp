// A queue between threads that holds at most `capacity` items: who puts one in waits while it is full, who
// takes one out while it is empty.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace fanbench {

/// `Items` decides which item is next: std::queue the oldest, std::stack the newest, std::priority_queue the
/// greatest.
template <class Items>
class BoundedQueue {
 public:
  using Item = typename Items::value_type;

  explicit BoundedQueue(std::size_t capacity, Items items = {})
      : capacity_(capacity), items_(std::move(items)) {}

  /// `pushed` is called when the item is in the queue, before anyone can take it.
  template <class Pushed>
  void push(Item item, Pushed pushed) {
    {
      std::unique_lock lock(mutex_);
      not_full_.wait(lock, [this] { return items_.size() < capacity_; });
      items_.push(std::move(item));
      pushed();
    }
    not_empty_.notify_one();
  }
  void push(Item item) {
    push(std::move(item), [] {});
  }
  /// The next item; none when the queue is closed and empty.
  std::optional<Item> pop() {
    std::optional<Item> item;
    {
      std::unique_lock lock(mutex_);
      not_empty_.wait(lock, [this] { return closed_ || !items_.empty(); });
      if (items_.empty()) return item;
      if constexpr (requires { items_.front(); })
        item = std::move(items_.front());
      else
        item = items_.top();
      items_.pop();
    }
    not_full_.notify_one();
    return item;
  }
  /// No more items will come.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    not_empty_.notify_all();
  }
  struct CloseAtEnd {
    BoundedQueue& queue;
    ~CloseAtEnd() { queue.close(); }
  };

 private:
  std::mutex mutex_;
  std::condition_variable not_full_, not_empty_;
  std::size_t capacity_;
  Items items_;
  bool closed_ = false;
};

}  // namespace fanbench
