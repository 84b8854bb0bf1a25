// The loop: coroutines that can go on, entries in, completions out, timers.
#include "impls/uring/loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "impls/contract/model.hpp"

namespace fanbench::uring {
namespace {

constexpr unsigned entries = 1024, completions = 16 * 1024;

/// Coroutines wait, and what they refer to would be gone before them: there is no way back.
[[noreturn]] void give_up(const char* what, int error) {
  fmt::print(stderr, "{}: {}\n", what, std::strerror(error));
  std::abort();
}

/// A message that did not arrive: others wait for what it asked for.
struct Undelivered final : Operation {
  void completed(int result, std::uint32_t) override { give_up("IORING_OP_MSG_RING", -result); }
};

}  // namespace

Loop::Loop() {
  // One thread submits, and the kernel's part of the work is done when that thread waits, not between.
  io_uring_params params{};
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
  params.cq_entries = completions;
  const int error = -io_uring_queue_init_params(entries, &ring_, &params);
  if (error == EINVAL) throw NotApplicable("io_uring with deferred task runs needs Linux 6.1 or later");
  if (error == EPERM || error == EACCES || error == ENOSYS) {
    throw NotApplicable(fmt::format("io_uring is not to be had here: {}", std::strerror(error)));
  }
  if (error != 0) throw std::system_error(error, std::generic_category(), "io_uring_queue_init_params");
}

io_uring_sqe& Loop::entry() {
  io_uring_sqe* free = io_uring_get_sqe(&ring_);
  if (free == nullptr) {
    hand_over();
    free = io_uring_get_sqe(&ring_);
    if (free == nullptr) give_up("io_uring_submit", EBUSY);
  }
  return *free;
}

void Loop::hand_over() {
  count_enter();
  if (const int result = io_uring_submit(&ring_); result < 0) give_up("io_uring_submit", -result);
}

void Loop::tell(Loop& other, Operation& operation) {
  static Undelivered undelivered;
  other.told_.fetch_add(1, std::memory_order_release);  // the rings alone would do; the language knows none
  io_uring_sqe& message = entry();
  io_uring_prep_msg_ring(&message, other.ring_.ring_fd, 0, reinterpret_cast<std::uint64_t>(&operation), 0);
  message.flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data(&message, static_cast<Operation*>(&undelivered));
}

void Loop::count_enter() {
  use_.entries += io_uring_sq_ready(&ring_);
  ++use_.enters;
}

void Loop::run_until(const bool& done) {
  for (;;) {
    while (!ready_.empty()) {
      const auto coroutine = ready_.front().coroutine;
      ready_.pop_front();
      coroutine.resume();
    }
    if (done) return;
    wait();
  }
}

void Loop::wait() {
  io_uring_cqe* first = nullptr;
  __kernel_timespec left{}, *most = nullptr;
  if (!timers_.empty()) {
    const Nanoseconds until = std::max(timers_.begin()->at() - Clock::now(), Nanoseconds::zero());
    left = {.tv_sec = until.count() / 1'000'000'000, .tv_nsec = until.count() % 1'000'000'000};
    most = &left;
  }
  count_enter();
  const int result = io_uring_submit_and_wait_timeout(&ring_, &first, 1, most, nullptr);
  if (result < 0 && result != -ETIME && result != -EINTR)
    give_up("io_uring_submit_and_wait_timeout", -result);

  std::array<io_uring_cqe*, 256> batch;
  while (const unsigned count = io_uring_peek_batch_cqe(&ring_, batch.data(), batch.size())) {
    told_.load(std::memory_order_acquire);
    for (unsigned i = 0; i < count; ++i) {
      const io_uring_cqe& completion = *batch[i];
      if (auto* operation = static_cast<Operation*>(io_uring_cqe_get_data(&completion)))
        operation->completed(completion.res, completion.flags);
    }
    io_uring_cq_advance(&ring_, count);
  }
  while (!timers_.empty() && timers_.begin()->at() <= Clock::now()) {
    Timed& timed = *timers_.begin();
    timers_.erase(timers_.begin());
    timed.expired();
  }
}

}  // namespace fanbench::uring
