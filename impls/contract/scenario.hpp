// What is to be done: a workload's parameters, as values that any model can read and any process can be
// handed.
#pragma once

#include <chrono>
#include <cstdint>
#include <type_traits>

namespace fanbench {

using Nanoseconds = std::chrono::nanoseconds;
using CallId = std::uint32_t;
using Attempt = std::uint32_t;  // 0 is a call's first attempt

/// timeout: whether the deadline is each call's own or the whole group's.
enum class Scope : std::uint8_t { call, group };
/// producer_consumer: which item of the queue is next: the oldest, the newest, the one of highest priority().
enum class Order : std::uint8_t { fifo, lifo, priority };
/// pipeline: stage by stage, or item by item.
enum class Mode : std::uint8_t { barrier, streamed };
/// mixed, crawl: where the work after a reply is done: where the reply came in, or in a pool made for it.
enum class Placement : std::uint8_t { in_line, offload };

/// A workload's parameters; each workload reads its own of them.
struct Scenario {
  std::uint64_t run = 0;          // the server's run that the calls belong to
  std::uint32_t calls = 1;        // ids are 0 … calls-1
  CallId first = 0;  // of a part of a fan-out: its calls are that one's first, first + 1, … in what is drawn
  std::uint64_t seed = 1;         // of jitter, priorities and messages, and what work begins with
  std::uint32_t limit = 0;        // semaphore: calls at once at most; retry: attempts, and 0 is no limit;
                                  // worker_pool, rate_limited, llm_client: workers; crawl: of each host
  std::uint32_t attempts = 1;     // per call at most; hedged, page: 2, with the second copy
  Nanoseconds backoff{};          // retry, rate_limited, llm_client: b of the waits b·2^k
  bool heeds_retry_after = true;  // rate_limited, llm_client: else waits are the client's own
  Nanoseconds deadline{};     // from the run's start; timeout: or from each call's; stream, page: 0 is none;
                              // shield: of all but the critical; drain: when SIGTERM comes; crawl: the end of
                              // the budget
  Nanoseconds interval{};     // drain: from call to call; broadcast: from message to message
  Nanoseconds grace{};        // for what is in flight, drain: at the signal; crawl: at the end of the budget
  Nanoseconds hedge_after{};  // hedged, page: from a call's start to its second copy; page: 0 is none
  std::uint32_t copies = 0;   // hedged, page: second copies of all calls together at most
  std::uint32_t callers = 1;  // bridge: threads that ask; each has as many calls, in a row
  std::uint32_t services = 1;  // page: calls of each page; page p has the calls services·p, services·p + 1, …
  std::uint32_t hosts = 1;           // crawl: each has as many of the listings, in a row
  std::uint32_t messages = 1;        // broadcast: that the publisher says to all subscribers
  std::uint32_t critical_every = 1;  // shield: of so many calls the first is critical
  Scope scope = Scope::call;
  std::uint32_t producers = 1, consumers = 1;  // producer_consumer; producer p puts p, p + producers, …
  std::uint32_t capacity = 1;                  // producer_consumer: items in the queue at most
  Order order = Order::fifo;
  Mode mode = Mode::streamed;      // pipeline; item i's calls are stages·i, stages·i + 1, …
  std::uint32_t pages = 1;         // of a stream (paginate) or listing (crawl); s has the calls pages·s, …
  std::uint32_t prefetch = 0;      // paginate: 1: the next page is fetched while the last one is consumed
  Nanoseconds consume{};           // paginate: how long a stream's consumer takes for a page, waiting
  std::uint64_t kernel_steps = 0;  // of work: mixed, crawl: after a reply; early_start: meanwhile; cpu: all
  std::uint32_t cpus = 1;          // mixed, crawl, cpu: that work may use
  Placement placement = Placement::in_line;
  bool watchdog = false;  // a heartbeat runs beside the workload, where it shows how responsive the model is

  static constexpr std::uint32_t stages = 3;  // pipeline: fetch, enrich, save
};
static_assert(std::is_trivially_copyable_v<Scenario>, "it crosses to worker processes as bytes");

/// The wait before attempt k+1 of a call whose attempt k failed: b·2^k with "equal jitter", a factor from
/// [0.5, 1) drawn from (seed, id, k); at least what the server asked for, if that is heeded. Source: AWS
/// Architecture Blog, "Exponential Backoff And Jitter" (2015).
Nanoseconds backoff(const Scenario& scenario, CallId id, Attempt k, Nanoseconds retry_after);

/// shield: whether the call is not cancelled with the others.
constexpr bool is_critical(const Scenario& scenario, CallId id) { return id % scenario.critical_every == 0; }

/// broadcast: what message n brings, drawn from (seed, n).
std::uint64_t message_value(const Scenario& scenario, std::uint32_t n);

/// A call's priority, drawn from (seed, id): the highest is first. No two calls of a run have the same.
std::uint64_t priority(const Scenario& scenario, CallId id);

}  // namespace fanbench
