// The io_uring model's workloads, and the loops that they run on.
#include "impls/uring/uring.hpp"

#include <deque>

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
    for (Lane& lane : others_) lane.warm(connections);
  }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    Fanout fanout{loop_, client_, scenario, recorder};
    const RingUse before = use();
    Task<> work = find(table, workload)(fanout);
    uring::run(loop_, scenario.watchdog ? beside_heartbeat(std::move(work), fanout) : std::move(work));
    client_.finish_closing();
    for (Lane& lane : others_) lane.finish_closing();
    const RingUse after = use();
    recorder.ring_used({after.entries - before.entries, after.enters - before.enters});
  }

 private:
  RingUse use() {
    RingUse all = loop_.use();
    for (Lane& lane : others_) {
      const RingUse one = lane.use();
      all.entries += one.entries;
      all.enters += one.enters;
    }
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
};

}  // namespace

std::unique_ptr<Model> make(const Setup& setup) { return std::make_unique<Uring>(setup); }

}  // namespace fanbench::uring
