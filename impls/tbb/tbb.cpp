// The oneTBB model's workloads, and the arena that they run in.
#include "impls/tbb/tbb.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "impls/blocking/heartbeat.hpp"
#include "impls/blocking/needs.hpp"
#include "impls/table.hpp"
#include "impls/tbb/tasks.hpp"

namespace fanbench::tbb {

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

class Tbb final : public Model {
 public:
  explicit Tbb(const Setup& setup) : pool_(setup) {}

  void warm(std::uint32_t in_flight) override {
    start_threads(pool_.arena, in_flight);
    pool_.client->warm(in_flight);
  }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    // The ticks are tasks among those of the calls.
    const auto heart = heartbeat_beside(scenario, recorder, [&](std::uint32_t n) {
      run_tasks(pool_.arena, 1, [&](std::uint32_t) { recorder.beat(n); });
    });
    find(table, workload)(pool_, scenario, recorder);
  }

 private:
  /// oneTBB makes a thread when a task needs it: these tasks wait for each other, and so need one each.
  static void start_threads(onetbb::task_arena& arena, std::uint32_t threads) {
    std::mutex mutex;
    std::condition_variable all_there;
    std::uint32_t there = 0;
    bool in_time = true;
    run_tasks(arena, threads, [&](std::uint32_t) {
      std::unique_lock lock(mutex);
      if (++there == threads) all_there.notify_all();
      in_time &= all_there.wait_for(lock, std::chrono::seconds(10), [&] { return there == threads; });
    });
    if (!in_time) throw std::runtime_error("oneTBB did not start all the threads of the pool");
  }

  Pool pool_;
};

/// The calling thread, the arena's workers, and one for each core where `mixed` offloads. None is made before
/// a task needs it.
std::size_t most_threads(std::size_t workers) { return 1 + workers + std::thread::hardware_concurrency(); }

}  // namespace

Pool::Pool(const Setup& setup)
    : workers(setup.workers),
      threads_(onetbb::global_control::max_allowed_parallelism, most_threads(setup.workers)),
      arena(static_cast<int>(setup.workers), 0),
      client(make_blocking_client(setup)) {}

Pool::~Pool() {
  arena.terminate();
  onetbb::finalize(scheduler_,
                   std::nothrow);  // ends oneTBB's threads, which would else stay until the process ends
}

ModelEntry entry() {
  return {
      .name = "tbb",
      .has_workers = true,
      .ready = "the arena's threads, connections",
      .made = "a task for each call; further threads for producers, for fetching ahead and for other arenas",
      .make = [](const Setup& setup) { return std::make_unique<Tbb>(setup); },
      .most_in_flight = [](const Setup& setup) { return setup.workers; },
      .needs = [](const Setup& setup, std::uint32_t,
                  std::uint32_t in_flight) { return needs_of_threads(setup, setup.workers, in_flight); },
      .supports = [](std::string_view workload, std::string_view) { return has(table, workload); }};
}

}  // namespace fanbench::tbb
