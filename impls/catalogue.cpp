// The catalogue: every workload and every model, a row each.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "impls/contract.hpp"
#include "impls/coroutines/coroutines.hpp"
#include "impls/floor/floor.hpp"
#include "impls/processes/processes.hpp"
#include "impls/sequential/sequential.hpp"
#include "impls/thread_pool/thread_pool.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench {
namespace {

template <class M>
std::unique_ptr<Model> make(const Setup& setup) {
  return std::make_unique<M>(setup);
}

// A blocking libcurl handle has, beside its connection, the two sockets by which its wait could be woken.
std::uint32_t descriptors_per_blocking_call(const Setup& setup) {
  return setup.transport == Transport::curl ? 3 : 1;
}
constexpr std::uint32_t idle_descriptors =
    32;  // of a process without calls: standard streams, event loop, libraries
constexpr std::uint32_t mappings_per_thread = 2;  // stack and guard page
constexpr std::uint32_t idle_mappings = 512;

std::uint32_t any_number(const Setup&) { return UINT32_MAX; }
std::uint32_t one(const Setup&) { return 1; }
std::uint32_t as_workers(const Setup& setup) { return setup.workers; }

std::uint64_t megabytes(std::uint64_t kilobytes) { return kilobytes / 1000; }

Needs one_loop(const Setup&, std::uint32_t tasks, std::uint32_t in_flight) {
  return {.descriptors = idle_descriptors + in_flight,
          .tasks = 1,
          .mappings = idle_mappings,
          .memory_mb = megabytes(std::uint64_t{tasks} * 2 + std::uint64_t{in_flight} * 25)};
}
Needs threads_for(const Setup& setup, std::uint64_t threads, std::uint64_t in_flight) {
  return {.descriptors = idle_descriptors + in_flight * descriptors_per_blocking_call(setup),
          .tasks = 1 + threads,
          .mappings = idle_mappings + threads * mappings_per_thread,
          .memory_mb = megabytes(threads * 20 + in_flight * 50)};
}
Needs thread_per_task(const Setup& setup, std::uint32_t tasks, std::uint32_t in_flight) {
  return threads_for(setup, tasks, in_flight);
}
Needs pool_of_threads(const Setup& setup, std::uint32_t, std::uint32_t in_flight) {
  return threads_for(setup, setup.workers, in_flight);
}
Needs pool_of_processes(const Setup& setup, std::uint32_t, std::uint32_t) {
  return {.descriptors = idle_descriptors + setup.workers,
          .tasks = 2 + 2 * std::uint64_t{setup.workers},  // each worker has a second thread
          .mappings = idle_mappings,
          .memory_mb = megabytes(std::uint64_t{setup.workers} * 500)};
}
Needs one_call(const Setup& setup, std::uint32_t, std::uint32_t) { return threads_for(setup, 0, 1); }

[[noreturn]] void not_written(const char* workload) {
  throw NotApplicable(fmt::format("{} is not written for this model", workload));
}

/// A hash of (seed, id, k) with splitmix64's finaliser, so that every model draws the same.
std::uint64_t draw(std::uint64_t seed, CallId id, std::uint32_t k) {
  std::uint64_t bits = seed * 0x9e3779b97f4a7c15 + (std::uint64_t{id} << 32 | k) + 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  return bits ^ (bits >> 31);
}

constexpr Workload all_workloads[] = {
    {"gather", &Model::gather},
    {"all_settled", &Model::all_settled},
    {"task_group", &Model::task_group},
    {"first_completed", &Model::first_completed},
    {"timeout", &Model::timeout},
    {"semaphore", &Model::semaphore},
    {"worker_pool", &Model::worker_pool},
    {"producer_consumer", &Model::producer_consumer},
    {"pipeline", &Model::pipeline},
    {"retry", &Model::retry},
    {"paginate", &Model::paginate},
    {"mixed", &Model::mixed},
    {"cpu", &Model::cpu},
};

constexpr ModelEntry all_models[] = {
    {"coroutines", make<Coroutines>, any_number, one_loop},
    {"threads", make<Threads>, any_number, thread_per_task},
    {"thread_pool", make<ThreadPool>, as_workers, pool_of_threads},
    {"processes", make<Processes>, as_workers, pool_of_processes},
    {"sequential", make<Sequential>, one, one_call},
    {"floor", make<Floor>, any_number, one_loop},
};

}  // namespace

std::span<const Workload> workloads() { return all_workloads; }
std::span<const ModelEntry> models() { return all_models; }
bool is_written(std::string_view workload, std::string_view model, Transport transport) {
  return model != "floor" ||
         ((workload == "gather" || workload == "semaphore") && transport == Transport::native);
}

// What a model does not override.
void Model::gather(const Scenario&, Recorder&) { not_written("gather"); }
void Model::all_settled(const Scenario&, Recorder&) { not_written("all_settled"); }
void Model::task_group(const Scenario&, Recorder&) { not_written("task_group"); }
void Model::first_completed(const Scenario&, Recorder&) { not_written("first_completed"); }
void Model::timeout(const Scenario&, Recorder&) { not_written("timeout"); }
void Model::semaphore(const Scenario&, Recorder&) { not_written("semaphore"); }
void Model::worker_pool(const Scenario&, Recorder&) { not_written("worker_pool"); }
void Model::producer_consumer(const Scenario&, Recorder&) { not_written("producer_consumer"); }
void Model::pipeline(const Scenario&, Recorder&) { not_written("pipeline"); }
void Model::retry(const Scenario&, Recorder&) { not_written("retry"); }
void Model::paginate(const Scenario&, Recorder&) { not_written("paginate"); }
void Model::mixed(const Scenario&, Recorder&) { not_written("mixed"); }
void Model::cpu(const Scenario&, Recorder&) { not_written("cpu"); }

Nanoseconds backoff(const Scenario& scenario, CallId id, Attempt k, Nanoseconds retry_after) {
  const std::uint64_t bits = draw(scenario.seed, id, k);
  const double factor = 0.5 + 0.5 * (static_cast<double>(bits >> 11) * 0x1p-53);
  const auto wait = std::chrono::duration<double, std::nano>(scenario.backoff) * std::exp2(k) * factor;
  return std::max(std::chrono::duration_cast<Nanoseconds>(wait), retry_after);
}

std::uint64_t priority(const Scenario& scenario, CallId id) { return draw(scenario.seed, id, UINT32_MAX); }

}  // namespace fanbench
