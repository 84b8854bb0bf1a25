// The callback model's workloads, and the event loops that they run on.
#include "impls/callbacks/callbacks.hpp"

#include "impls/callbacks/dealing_client.hpp"
#include "impls/callbacks/heartbeat.hpp"
#include "impls/http/lanes.hpp"
#include "impls/table.hpp"

namespace fanbench::callbacks {

// Functions, a file each.
Workload gather, all_settled, task_group, first_completed, timeout, semaphore, worker_pool, producer_consumer,
    pipeline, retry, paginate, early_start, stream, mixed, cpu;

namespace {

constexpr WorkloadRow<Workload> table[] = {
    {"gather", gather},
    {"all_settled", all_settled},
    {"task_group", task_group},
    {"first_completed", first_completed},
    {"timeout", timeout},
    {"semaphore", semaphore},
    {"worker_pool", worker_pool},
    {"producer_consumer", producer_consumer},
    {"pipeline", pipeline},
    {"retry", retry},
    {"paginate", paginate},
    {"early_start", early_start},
    {"stream", stream},
    {"mixed", mixed},
    {"cpu", cpu},
};

class Callbacks final : public Model {
 public:
  explicit Callbacks(const Setup& setup)
      : lanes_(setup), client_(setup.workers == 1 ? lanes_.of(0).client : dealing_client_) {}

  void warm(std::uint32_t in_flight) override { lanes_.warm(in_flight); }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    Workload* const work = find(table, workload);
    Fanout fanout{lanes_.first(), client_, scenario, recorder};
    if (!scenario.watchdog) return work(fanout);
    Heartbeat heartbeat(fanout);
    heartbeat.begin();
    work(fanout);
    heartbeat.end();
  }

 private:
  Lanes lanes_;
  DealingClient dealing_client_{lanes_};
  AsyncClient& client_;
};

}  // namespace

ModelEntry entry() {
  return {.name = "callbacks",
          .has_workers = true,
          .has_loops = true,
          .ready = "the loop, connections",
          .made = "an operation for each call; a pool of threads for offloaded work",
          .make = [](const Setup& setup) { return std::make_unique<Callbacks>(setup); },
          .most_in_flight = [](const Setup&) { return UINT32_MAX; },
          .needs = needs_of_loops,
          .supports = [](std::string_view workload, std::string_view) { return has(table, workload); }};
}

}  // namespace fanbench::callbacks
