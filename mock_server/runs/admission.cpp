// The queue is first come, first served; the rate limit is a leaky bucket.
#include "mock_server/runs/admission.hpp"

#include <algorithm>

namespace fanbench::server {

/// Source: ITU-T I.371, "Generic Cell Rate Algorithm", the virtual scheduling form: a call passes if it comes
/// no more than burst − 1 intervals before it is due by the rate, and makes the next due an interval later.
Nanoseconds Admission::admit(Time arrived) {
  if (capacity_.per_second == 0) return {};
  const Nanoseconds interval = std::chrono::nanoseconds(std::chrono::seconds(1)) / capacity_.per_second;
  const std::lock_guard lock(mutex_);
  const Time now = latest_ = std::max(latest_, arrived);
  if (const auto earliest = next_ - (capacity_.burst - 1) * interval; now < earliest) return earliest - now;
  next_ = std::max(next_, now) + interval;
  return {};
}

std::optional<Admission::Time> Admission::take_slot(Waiter& waiter) {
  constexpr Time always{};
  if (capacity_.slots == 0) return always;
  const std::lock_guard lock(mutex_);
  if (used_ < capacity_.slots) return ++used_, always;
  if (!free_since_.empty()) {
    const Time since = free_since_.front();
    free_since_.pop();
    return since;
  }
  queue_.push_back(waiter);
  queue_peak_ = std::max(queue_peak_, queue_.size());
  return std::nullopt;
}

bool Admission::leave_queue(Waiter& waiter) {
  const std::lock_guard lock(mutex_);
  if (!waiter.is_linked()) return false;
  queue_.erase(queue_.iterator_to(waiter));
  return true;
}

void Admission::release_slot(Time now) {
  if (capacity_.slots == 0) return;
  const std::lock_guard lock(mutex_);
  if (queue_.empty()) return free_since_.push(now);
  Waiter& next = queue_.front();
  queue_.pop_front();
  next.granted(now);  // under the lock, so that the waiter can't go away meanwhile
}

std::size_t Admission::queue_peak() const {
  const std::lock_guard lock(mutex_);
  return queue_peak_;
}

}  // namespace fanbench::server
