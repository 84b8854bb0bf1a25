// The process model's workloads.
#include "impls/processes/processes.hpp"

#include "impls/table.hpp"

namespace fanbench::processes {

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

class Processes final : public Model {
 public:
  explicit Processes(const Setup& setup) : pool_(setup) {}

  void warm(std::uint32_t in_flight) override { pool_.warm(in_flight); }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    const auto function = find(table, workload);
    pool_.begin(scenario, recorder);
    function(pool_, scenario, recorder);
  }

 private:
  ProcessPool pool_;
};

Needs needs(const Setup& setup, std::uint32_t, std::uint32_t) {
  const std::uint64_t workers = setup.workers;
  return {.descriptors = idle_process.descriptors + workers,
          .tasks = 2 + 2 * workers,  // each worker has a second thread
          .mappings = idle_process.mappings,
          .memory_mb = workers * 500 / 1000};
}

}  // namespace

ModelEntry entry() {
  return {.name = "processes",
          .has_workers = true,
          .ready = "its processes, a connection in each",
          .made = "a message to a process and back for each call or chain of calls",
          .make = [](const Setup& setup) { return std::make_unique<Processes>(setup); },
          .most_in_flight = [](const Setup& setup) { return setup.workers; },
          .needs = needs,
          .supports = [](std::string_view workload, std::string_view) { return has(table, workload); }};
}

}  // namespace fanbench::processes
