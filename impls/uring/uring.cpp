// The io_uring model's workloads, and the loops that they run on.
#include "impls/uring/uring.hpp"

#include <deque>
#include <functional>
#include <mutex>
#include <utility>

#include "impls/http/lanes.hpp"
#include "impls/table.hpp"
#include "impls/uring/entry.hpp"
#include "impls/uring/lane.hpp"

namespace fanbench::uring {

// Functions, a file each.
Workload gather, all_settled, task_group, first_completed, timeout, semaphore, worker_pool, pipeline, retry,
    paginate, stream;

namespace {

constexpr WorkloadRow<Workload> table[] = {
    {"gather", gather},
    {"all_settled", all_settled},
    {"task_group", task_group},
    {"first_completed", first_completed},
    {"timeout", timeout},
    {"semaphore", semaphore},
    {"worker_pool", worker_pool},
    {"pipeline", pipeline},
    {"retry", retry},
    {"paginate", paginate},
    {"stream", stream},
};

static_assert(std::size(table) == std::size(written));

/// Ticks until it is cancelled. A tick whose time the loop spent on other things comes late, the last of them
/// after that.
Task<> heartbeat(Loop& loop, Recorder& recorder, CancelScope& scope) {
  for (std::uint32_t tick = 0;;) {
    const auto due = recorder.beat_due(tick);
    if (scope.cancelled() && due > Clock::now()) co_return;
    co_await Sleep(loop, due, &scope);
    if (Clock::now() >= due) recorder.beat(tick++);
  }
}

class Uring final : public Model {
 public:
  explicit Uring(const Setup& setup) : setup_(setup), client_(setup, loop_) {
    for (std::uint32_t i = 1; i < setup.workers; ++i) others_.emplace_back(setup, loop_);
    if (!others_.empty()) client_.deal_out_to(others_);
  }

  void warm(std::uint32_t in_flight) override {
    const std::uint32_t connections = most_in_a_lane(setup_, in_flight);
    uring::run(loop_, client_.warm(connections));
    on_others([connections](Loop& loop, Client& client) { uring::run(loop, client.warm(connections)); });
    used_ = use();
  }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    Fanout fanout{loop_, client_, scenario, recorder};
    Task<> work = find(table, workload)(fanout);
    uring::run(loop_, scenario.watchdog ? beside_heartbeat(std::move(work), fanout) : std::move(work));
    client_.finish_closing();
    on_others([](Loop&, Client& client) { client.finish_closing(); });
  }
  void collect(Recorder& recorder) override {
    const RingUse before = std::exchange(used_, use());
    recorder.ring_used({used_.entries - before.entries, used_.enters - before.enters});
  }

 private:
  /// By all other lanes at the same time.
  void on_others(const std::function<void(Loop&, Client&)>& command) {
    for (Lane& lane : others_) lane.begin(command);
    std::exception_ptr failure;
    for (Lane& lane : others_) {
      try {
        lane.wait();
      } catch (...) {
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  }
  RingUse use() {
    RingUse all = loop_.use();
    std::mutex mutex;
    on_others([&all, &mutex](Loop& loop, Client&) {
      const std::lock_guard lock(mutex);
      all.entries += loop.use().entries;
      all.enters += loop.use().enters;
    });
    return all;
  }
  static Task<> beside_heartbeat(Task<> work, Fanout& fanout) {
    CancelScope over;
    Join beating;
    beating.spawn(heartbeat(fanout.loop, fanout.recorder, over));
    std::exception_ptr failure;
    try {
      co_await work;
    } catch (...) {
      failure = std::current_exception();
    }
    over.cancel();
    co_await beating;
    if (failure) std::rethrow_exception(failure);
  }

  Setup setup_;
  Loop loop_;
  Client client_;
  std::deque<Lane> others_;
  RingUse used_{};  // before the run
};

}  // namespace

std::unique_ptr<Model> make(const Setup& setup) { return std::make_unique<Uring>(setup); }

}  // namespace fanbench::uring
