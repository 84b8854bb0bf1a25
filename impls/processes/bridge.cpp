// Every caller is a thread; this one speaks to the worker processes. A caller leaves its request, wakes it up
// and blocks for the reply that it is promised.
#include <deque>
#include <exception>
#include <future>
#include <map>
#include <mutex>
#include <system_error>
#include <thread>

#include "impls/blocking/asking.hpp"
#include "impls/processes/processes.hpp"

namespace fanbench::processes {
namespace {

/// Between the callers and the thread that has the pool.
class Counter {
 public:
  Counter(ProcessPool& pool, const Scenario& scenario, Recorder& recorder)
      : pool_(pool), scenario_(scenario), recorder_(recorder) {}

  /// A caller's: the reply to its request.
  Reply ask(const Request& request) {
    std::promise<Reply> promised;
    std::future<Reply> reply = promised.get_future();
    {
      const std::lock_guard lock(mutex_);
      asked_.emplace_back(request, std::move(promised));
    }
    pool_.wake();
    return reply.get();
  }
  /// Hands requests on to workers and replies back to so many callers, until each has its last.
  void serve(std::size_t callers) {
    while (callers > 0) {
      hand_on();
      const auto id = pool_.wait_for_one(Recorder::Clock::time_point::max());
      if (!id) continue;  // somebody asked
      if (!hand_back(*id)) --callers;
    }
  }

 private:
  void hand_on() {
    const std::lock_guard lock(mutex_);
    for (; !asked_.empty() && !pool_.full(); asked_.pop_front()) {
      auto& [request, reply] = asked_.front();
      promised_[request.id] = std::move(reply);
      pool_.submit(Task::call, request.id, 1, request.cursor);
    }
  }
  /// Whether the caller has more to ask for.
  bool hand_back(CallId id) {
    const CallRecord& record = recorder_.records()[id];
    const bool more = (id + 1) % calls_of_each(scenario_) != 0 && record.verdict == Verdict::ok;
    promised_.extract(id).mapped().set_value(
        {.verdict = record.verdict, .status = record.status, .answer = record.answer, .more = more});
    return more;
  }

  ProcessPool& pool_;
  const Scenario& scenario_;
  Recorder& recorder_;
  std::map<CallId, std::promise<Reply>> promised_;
  std::mutex mutex_;
  std::deque<std::pair<Request, std::promise<Reply>>> asked_;
};

}  // namespace

void bridge(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  Counter counter(pool, scenario, recorder);
  const auto ask = [&](const Request& request) { return counter.ask(request); };
  std::vector<std::jthread> callers;
  std::exception_ptr failure;
  try {
    for (CallId first = 0; first < scenario.calls; first += calls_of_each(scenario)) {
      callers.emplace_back([&, first] { ask_in_turn(scenario, first, recorder, ask); });
    }
  } catch (const std::system_error&) {
    failure = std::current_exception();
  }
  counter.serve(callers.size());
  if (failure) std::rethrow_exception(failure);
}  // the threads are joined here

}  // namespace fanbench::processes
