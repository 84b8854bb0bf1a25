// The coroutine model's workloads, and the event loops that they run on.
#include "impls/coroutines/coroutines.hpp"

#include "impls/coroutines/heartbeat.hpp"
#include "impls/http/lanes.hpp"
#include "impls/table.hpp"

namespace fanbench::coroutines {

// Functions, a file each.
Workload gather, all_settled, task_group, first_completed, timeout, semaphore, worker_pool, producer_consumer,
    pipeline, retry, paginate, early_start, shield, hedged, background, bridge, drain, rate_limited, stream,
    broadcast, llm_client, page, crawl, mixed, cpu;

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
    {"shield", shield},
    {"hedged", hedged},
    {"background", background},
    {"bridge", bridge},
    {"drain", drain},
    {"rate_limited", rate_limited},
    {"stream", stream},
    {"broadcast", broadcast},
    {"llm_client", llm_client},
    {"page", page},
    {"crawl", crawl},
    {"mixed", mixed},
    {"cpu", cpu},
};

class Coroutines final : public Model {
 public:
  explicit Coroutines(const Setup& setup) : lanes_(setup) {}

  void warm(std::uint32_t in_flight) override { lanes_.warm(in_flight); }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    auto work = find(table, workload)(lanes_, scenario, recorder);
    lanes_.run(scenario.watchdog ? beside_heartbeat(std::move(work), recorder) : std::move(work));
  }

 private:
  Lanes lanes_;
};

}  // namespace

ModelEntry entry() {
  return {.name = "coroutines",
          .has_workers = true,
          .has_loops = true,
          .ready = "the loop, connections",
          .made = "a coroutine for each call; a pool of threads for offloaded work",
          .plainer = "callbacks",
          .make = [](const Setup& setup) { return std::make_unique<Coroutines>(setup); },
          .most_in_flight = [](const Setup&) { return UINT32_MAX; },
          .needs = needs_of_loops,
          .supports = [](std::string_view workload, std::string_view) { return has(table, workload); }};
}

}  // namespace fanbench::coroutines
