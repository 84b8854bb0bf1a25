// The thread pool model's workloads.
#include "impls/thread_pool/thread_pool.hpp"

#include "impls/blocking/heartbeat.hpp"
#include "impls/blocking/needs.hpp"
#include "impls/table.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

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

class ThreadPool final : public Model {
 public:
  explicit ThreadPool(const Setup& setup) : pool_(setup) {}

  void warm(std::uint32_t in_flight) override { pool_.client->warm(in_flight); }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    // The ticks are tasks among those of the calls.
    const auto heart = heartbeat_beside(scenario, recorder, [&](std::uint32_t n) {
      run_tasks(pool_.threads, 1, [&](std::uint32_t) { recorder.beat(n); });
    });
    find(table, workload)(pool_, scenario, recorder);
  }

 private:
  Pool pool_;
};

}  // namespace

ModelEntry entry() {
  return {
      .name = "thread_pool",
      .has_workers = true,
      .ready = "its threads, connections",
      .made =
          "a task for each call; further threads for producers, for fetching ahead and for offloaded work",
      .make = [](const Setup& setup) { return std::make_unique<ThreadPool>(setup); },
      .most_in_flight = [](const Setup& setup) { return setup.workers; },
      .needs = [](const Setup& setup, std::uint32_t,
                  std::uint32_t in_flight) { return needs_of_threads(setup, setup.workers, in_flight); },
      .supports = [](std::string_view workload, std::string_view) { return has(table, workload); }};
}

}  // namespace fanbench::thread_pool
