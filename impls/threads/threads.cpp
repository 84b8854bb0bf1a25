// The thread model's workloads.
#include "impls/threads/threads.hpp"

#include "impls/blocking/heartbeat.hpp"
#include "impls/blocking/needs.hpp"
#include "impls/table.hpp"

namespace fanbench::threads {

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

class Threads final : public Model {
 public:
  explicit Threads(const Setup& setup) : client_(make_blocking_client(setup)) {}

  void warm(std::uint32_t in_flight) override { client_->warm(in_flight); }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    const auto heart = heartbeat_beside(scenario, recorder, [&](std::uint32_t n) { recorder.beat(n); });
    find(table, workload)(*client_, scenario, recorder);
  }

 private:
  std::unique_ptr<BlockingClient> client_;
};

}  // namespace

ModelEntry entry() {
  return {.name = "threads",
          .ready = "connections",
          .made = "every thread: one for each call or worker",
          .make = [](const Setup& setup) { return std::make_unique<Threads>(setup); },
          .most_in_flight = [](const Setup&) { return UINT32_MAX; },
          .needs = needs_of_threads,
          .supports = [](std::string_view workload, std::string_view) { return has(table, workload); }};
}

}  // namespace fanbench::threads
