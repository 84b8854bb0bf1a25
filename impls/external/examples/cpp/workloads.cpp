#include "workloads.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

void gather(Run& run) {
  for (int id = 0; id < run.calls; ++id) run.call(id);
  run.loop.run();
}

/// A failure is a reply like others.
void all_settled(Run& run) { gather(run); }

namespace {

/// All calls at once, until the first that is wanted: the others are given up.
template <class Wanted>
void until_first(Run& run, Wanted wanted) {
  for (int id = 0; id < run.calls; ++id) {
    run.call(id, [&run, wanted, id](const Reply& reply) {
      if (run.chosen >= 0 || !wanted(reply)) return;
      run.chosen = id;
      run.loop.cancel_all();
    });
  }
  run.loop.run();
}

}  // namespace

void task_group(Run& run) {
  until_first(run, [](const Reply& reply) { return reply.verdict != "ok"; });
}

void first_completed(Run& run) {
  until_first(run, [](const Reply& reply) { return reply.verdict == "ok"; });
}

void timeout(Run& run) {
  const Nanoseconds deadline(run.scenario["deadline_ns"].get<std::int64_t>());
  const bool one_for_all = run.scenario["scope"] == "group";
  for (int id = 0; id < run.calls; ++id) {
    run.call(
        id, [](const Reply&) {}, one_for_all ? deadline - Nanoseconds(run.now()) : deadline);
  }
  run.loop.run();
}

namespace {

/// Whoever asks gets a permit when there is one, in the order in which they asked.
class Permits {
 public:
  explicit Permits(int free) : free_(free) {}

  void acquire(std::function<void()> then) {
    waiting_.push_back(std::move(then));
    hand_out();
  }
  void release() {
    ++free_;
    hand_out();
  }

 private:
  void hand_out() {
    while (free_ > 0 && !waiting_.empty()) {
      const auto next = std::move(waiting_.front());
      waiting_.pop_front();
      --free_;
      next();
    }
  }

  int free_;
  std::deque<std::function<void()>> waiting_;
};

}  // namespace

void semaphore(Run& run) {
  Permits permits(run.scenario["limit"]);
  run.tasks = run.calls;
  for (int id = 0; id < run.calls; ++id) {
    permits.acquire([&run, &permits, id] { run.call(id, [&permits](const Reply&) { permits.release(); }); });
  }
  run.loop.run();
}

void worker_pool(Run& run) {
  int next = 0;
  const std::function<void()> work = [&] {
    if (next < run.calls) run.call(next++, [&work](const Reply&) { work(); });
  };
  run.tasks = run.scenario["limit"];
  for (int worker = 0; worker < run.tasks; ++worker) work();
  run.loop.run();
}

namespace {

Nanoseconds backoff(const nlohmann::json& scenario, int id, int k, Nanoseconds retry_after) {
  std::uint64_t x = scenario["seed"].get<std::uint64_t>() * 0x9e3779b97f4a7c15 +
                    (static_cast<std::uint64_t>(id) << 32 | static_cast<std::uint64_t>(k)) +
                    0x9e3779b97f4a7c15;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
  x = (x ^ x >> 27) * 0x94d049bb133111eb;
  x = x ^ x >> 31;
  const double factor = 0.5 + 0.5 * std::ldexp(static_cast<double>(x >> 11), -53);
  const Nanoseconds wait(
      static_cast<std::int64_t>(std::ldexp(scenario["backoff_ns"].get<double>(), k) * factor));
  return scenario["heeds_retry_after"] ? std::max(wait, retry_after) : wait;
}

/// A call until it is ok, or has had its attempts. An attempt has a permit, a wait has none.
void try_call(Run& run, Permits& permits, int id, int k) {
  permits.acquire([&run, &permits, id, k] {
    run.attempt(id, k, [&run, &permits, id, k](const Reply& reply) {
      permits.release();
      if (reply.verdict == "ok" || k + 1 == run.scenario["attempts"]) return;
      run.loop.at(Clock::now() + backoff(run.scenario, id, k, reply.retry_after),
                  [&run, &permits, id, k] { try_call(run, permits, id, k + 1); });
    });
  });
}

}  // namespace

void retry(Run& run) {
  const int limit = run.scenario["limit"];
  Permits permits(limit > 0 ? limit : run.calls);
  for (int id = 0; id < run.calls; ++id) try_call(run, permits, id, 0);
  run.loop.run();
}
