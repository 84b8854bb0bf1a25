// The callback model's workloads, and the event loop that they run on.
#include "impls/callbacks/callbacks.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "impls/callbacks/heartbeat.hpp"
#include "impls/callbacks/pending.hpp"
#include "impls/http/transports.hpp"
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
  explicit Callbacks(const Setup& setup) : client_(make_async_client(setup, loop_.get_executor())) {}

  void warm(std::uint32_t in_flight) override {
    Pending warming(loop_, 1);
    std::exception_ptr failure;
    asio::co_spawn(loop_, client_->warm(in_flight), [&warming, &failure](std::exception_ptr thrown) {
      failure = thrown;
      warming.end();
    });
    warming.wait();
    if (failure) std::rethrow_exception(failure);
  }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    Workload* const work = find(table, workload);
    Fanout fanout{loop_, *client_, scenario, recorder};
    if (!scenario.watchdog) return work(fanout);
    Heartbeat heartbeat(fanout);
    heartbeat.begin();
    work(fanout);
    heartbeat.end();
  }

 private:
  asio::io_context loop_{1};
  std::unique_ptr<AsyncClient> client_;
};

}  // namespace

ModelEntry entry() {
  return {.name = "callbacks",
          .ready = "the loop, connections",
          .made = "an operation for each call; a pool of threads for offloaded work",
          .make = [](const Setup& setup) { return std::make_unique<Callbacks>(setup); },
          .most_in_flight = [](const Setup&) { return UINT32_MAX; },
          .needs = needs_of_a_loop,
          .supports = [](std::string_view workload, std::string_view) { return has(table, workload); }};
}

}  // namespace fanbench::callbacks
