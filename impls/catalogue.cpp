// The catalogue: every workload and every model, a row each.
#include <algorithm>
#include <cmath>

#include "impls/contract.hpp"
#include "impls/coroutines/coroutines.hpp"
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

Needs one_loop(const Setup&, std::uint32_t calls, std::uint32_t in_flight) {
  return {.descriptors = idle_descriptors + in_flight,
          .tasks = 1,
          .mappings = idle_mappings,
          .memory_mb = megabytes(std::uint64_t{calls} * 2 + std::uint64_t{in_flight} * 25)};
}
Needs threads_for(const Setup& setup, std::uint64_t threads, std::uint64_t in_flight) {
  return {.descriptors = idle_descriptors + in_flight * descriptors_per_blocking_call(setup),
          .tasks = 1 + threads,
          .mappings = idle_mappings + threads * mappings_per_thread,
          .memory_mb = megabytes(threads * 20 + in_flight * 50)};
}
Needs thread_per_call(const Setup& setup, std::uint32_t calls, std::uint32_t in_flight) {
  return threads_for(setup, calls, in_flight);
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

constexpr Workload all_workloads[] = {
    {"gather", &Model::gather},
    {"semaphore", &Model::semaphore},
    {"first_completed", &Model::first_completed},
    {"retry", &Model::retry},
};

constexpr ModelEntry all_models[] = {
    {"coroutines", make<Coroutines>, any_number, one_loop},
    {"threads", make<Threads>, any_number, thread_per_call},
    {"thread_pool", make<ThreadPool>, as_workers, pool_of_threads},
    {"processes", make<Processes>, as_workers, pool_of_processes},
    {"sequential", make<Sequential>, one, one_call},
};

}  // namespace

std::span<const Workload> workloads() { return all_workloads; }
std::span<const ModelEntry> models() { return all_models; }

void Model::gather(const Scenario&, Recorder&) {
  throw NotApplicable("gather is not written for this model");
}
void Model::semaphore(const Scenario&, Recorder&) {
  throw NotApplicable("semaphore is not written for this model");
}
void Model::first_completed(const Scenario&, Recorder&) {
  throw NotApplicable("first_completed is not written for this model");
}
void Model::retry(const Scenario&, Recorder&) { throw NotApplicable("retry is not written for this model"); }

Nanoseconds backoff(const Scenario& scenario, CallId id, Attempt k, Nanoseconds retry_after) {
  // A hash of (seed, id, k) with splitmix64's finaliser, so that every model waits the same times.
  std::uint64_t bits =
      scenario.seed * 0x9e3779b97f4a7c15 + (std::uint64_t{id} << 32 | k) + 0x9e3779b97f4a7c15;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111eb;
  bits ^= bits >> 31;
  const double factor = 0.5 + 0.5 * (static_cast<double>(bits >> 11) * 0x1p-53);
  const auto wait = std::chrono::duration<double, std::nano>(scenario.backoff) * std::exp2(k) * factor;
  return std::max(std::chrono::duration_cast<Nanoseconds>(wait), retry_after);
}

}  // namespace fanbench
