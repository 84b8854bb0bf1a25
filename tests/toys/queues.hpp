// Toys of the workloads in which workers take calls from a queue.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/blocking/fair_semaphore.hpp"
#include "tests/toys/break.hpp"

namespace fanbench::toys {

inline void a_task_for_each_call(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  FairSemaphore permits(scenario.limit);
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      const LiveTask task(recorder);
      permits.acquire();
      call(client, {scenario.run, id}, recorder);
      permits.release();
    });
  }
}

/// Workers that take the first calls in order and then the last of those that are left.
inline void last_come_first_served(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::mutex mutex;
  std::vector<CallId> waiting;
  for (CallId id = scenario.limit; id < scenario.calls; ++id) waiting.push_back(id);
  std::vector<std::jthread> lanes;
  for (CallId first = 0; first < std::min(scenario.limit, scenario.calls); ++first) {
    lanes.emplace_back([&, first] {
      call(client, {scenario.run, first}, recorder);
      for (std::unique_lock lock(mutex); !waiting.empty(); lock.lock()) {
        const CallId id = waiting.back();
        waiting.pop_back();
        lock.unlock();
        call(client, {scenario.run, id}, recorder);
      }
    });
  }
}

inline void worker_pool(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  if (broken == Break::a_task_for_each_call) return a_task_for_each_call(client, scenario, recorder);
  std::atomic<CallId> next = 0;
  std::vector<std::jthread> workers;
  const std::uint32_t more = broken == Break::exceed_the_limit ? 1 : 0;
  for (std::uint32_t i = 0; i < std::min(scenario.limit + more, scenario.calls); ++i) {
    workers.emplace_back([&] {
      const LiveTask task(recorder);
      for (CallId id = next++; id < scenario.calls; id = next++) call(client, {scenario.run, id}, recorder);
    });
  }
}

class ProducerConsumer {
 public:
  ProducerConsumer(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken)
      : client_(client), scenario_(scenario), recorder_(recorder), broken_(broken) {}

  void run() {
    std::vector<std::jthread> threads;
    const std::uint32_t more = broken_ == Break::exceed_the_limit ? 1 : 0;
    for (std::uint32_t i = 0; i < scenario_.consumers + more; ++i)
      threads.emplace_back([this] { consume(); });
    for (std::uint32_t i = 0; i < scenario_.producers; ++i) threads.emplace_back([this, i] { produce(i); });
  }

 private:
  void produce(std::uint32_t producer) {
    std::vector<CallId> ids;
    for (CallId id = producer; id < scenario_.calls; id += scenario_.producers) ids.push_back(id);
    if (broken_ == Break::put_in_wrong_order) std::ranges::reverse(ids);
    const std::size_t capacity = scenario_.capacity + (broken_ == Break::too_deep_a_queue ? 1 : 0);
    for (const CallId id : ids) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return queue_.size() < capacity; });
      recorder_.ready(id);
      queue_.push_back(id);
      changed_.notify_all();
    }
  }

  void consume() {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !queue_.empty() || taken_ == scenario_.calls; });
      if (queue_.empty()) return;
      const auto next = next_item();
      const CallId id = *next;
      queue_.erase(next);
      ++taken_;
      changed_.notify_all();
      lock.unlock();
      if (broken_ != Break::lose_an_item || id != 1) call(client_, {scenario_.run, id}, recorder_);
    }
  }

  std::deque<CallId>::iterator next_item() {
    const bool wrong = broken_ == Break::take_in_wrong_order;
    if (scenario_.order == Order::priority) {
      return std::ranges::max_element(
          queue_, {}, [&](CallId id) { return wrong ? ~priority(scenario_, id) : priority(scenario_, id); });
    }
    return (scenario_.order == Order::fifo) != wrong ? queue_.begin() : queue_.end() - 1;
  }

  BlockingClient& client_;
  const Scenario& scenario_;
  Recorder& recorder_;
  Break broken_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<CallId> queue_;
  std::uint32_t taken_ = 0;
};

}  // namespace fanbench::toys
