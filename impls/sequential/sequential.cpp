// The sequential model's workloads.
#include "impls/sequential/sequential.hpp"

#include "impls/blocking/needs.hpp"
#include "impls/sequential/heartbeat.hpp"
#include "impls/table.hpp"

namespace fanbench::sequential {

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

class Sequential final : public Model {
 public:
  explicit Sequential(const Setup& setup) : client_(make_blocking_client(setup)) {}

  void warm(std::uint32_t in_flight) override { client_->warm(in_flight); }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    BeatingClient client(*client_, scenario, recorder);
    find(table, workload)(client, scenario, recorder);
    client.catch_up();
  }

 private:
  std::unique_ptr<BlockingClient> client_;
};

}  // namespace

ModelEntry entry() {
  return {
      .name = "sequential",
      .ready = "a connection",
      .made = "nothing",
      .make = [](const Setup& setup) { return std::make_unique<Sequential>(setup); },
      .most_in_flight = [](const Setup&) { return 1; },
      .needs = [](const Setup& setup, std::uint32_t, std::uint32_t) { return needs_of_threads(setup, 0, 1); },
      .supports = [](std::string_view workload, std::string_view) { return has(table, workload); }};
}

}  // namespace fanbench::sequential
