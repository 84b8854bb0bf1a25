// Toys of the workloads in which a call needs the one before.
#pragma once

#include <algorithm>
#include <barrier>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "bench/specification/kernel_result.hpp"
#include "impls/blocking/call.hpp"
#include "tests/toys/break.hpp"
#include "tests/toys/work.hpp"

namespace fanbench::toys {

inline void pipeline(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  const std::uint32_t items = scenario.calls / Scenario::stages;
  std::barrier stage_ended(items);
  const bool wait = scenario.mode == Mode::barrier && broken != Break::ignore_the_barrier;
  std::vector<std::jthread> threads;
  for (std::uint32_t item = 0; item < items; ++item) {
    threads.emplace_back([&, item] {
      Reply reply;
      for (CallId id = item * Scenario::stages; id < (item + 1) * Scenario::stages; ++id) {
        if (id % Scenario::stages > 0) recorder.ready(id);
        if (broken == Break::forget_the_cursor) reply.answer = 0;
        reply = call(client, {.run = scenario.run, .id = id, .cursor = reply.answer}, recorder);
        if (wait) stage_ended.arrive_and_wait();
      }
    });
  }
}

inline void paginate(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken) {
  std::vector<std::jthread> threads;
  const bool ahead = scenario.prefetch > 0 && broken != Break::fetch_nothing_ahead;
  for (CallId first = 0; first < scenario.calls; first += scenario.pages) {
    threads.emplace_back([&, first, ahead] {
      auto consumed = Recorder::Clock::now();  // when the page before was
      Reply reply = call(client, {scenario.run, first}, recorder);
      for (CallId id = first + 1; reply.more; ++id) {
        if (broken != Break::fetch_too_far_ahead) std::this_thread::sleep_until(consumed);
        consumed = Recorder::Clock::now();
        if (broken != Break::consume_in_no_time) consumed += scenario.consume;
        if (!ahead) std::this_thread::sleep_until(consumed);
        if (broken == Break::skip_a_page && id == first + 1) ++id;
        recorder.ready(id);
        reply = call(client, {.run = scenario.run, .id = id, .cursor = reply.answer}, recorder);
      }
      std::this_thread::sleep_until(consumed);
      if (broken != Break::consume_in_no_time) std::this_thread::sleep_for(scenario.consume);
    });
  }
}

class Crawl {
 public:
  Crawl(BlockingClient& client, const Scenario& scenario, Recorder& recorder, Break broken)
      : client_(client),
        scenario_(scenario),
        recorder_(recorder),
        broken_(broken),
        listings_(scenario.hosts),
        stop_(recorder.began() + scenario.deadline),
        over_(stop_ + scenario.grace) {
    for (CallId first = 0; first < scenario.calls; first += scenario.pages)
      listings_[first / (scenario.calls / scenario.hosts)].push_back(first);
    if (broken == Break::share_one_limit || broken == Break::one_host_after_another) share_one_list();
    if (broken == Break::last_come_first_served) std::ranges::reverse(listings_[0]);
    if (broken == Break::lose_an_item) listings_[0].pop_back();
    if (broken == Break::halve_the_deadline) stop_ -= scenario.deadline / 2;
    if (broken == Break::go_on_after_the_signal || broken == Break::backdate_starts)
      stop_ += std::chrono::milliseconds(300), over_ = stop_;
    if (broken == Break::give_no_grace) over_ = stop_;
    if (broken == Break::forget_to_cancel) over_ = Recorder::Clock::time_point::max();
  }

  void run() {
    const bool of_one = broken_ == Break::one_host_after_another;
    std::uint32_t workers = broken_ == Break::one_after_another ? 1 : scenario_.limit;
    if (broken_ == Break::exceed_the_limit) ++workers;
    {
      std::vector<std::jthread> threads;
      for (std::uint32_t host = 0; host < (of_one ? 1 : scenario_.hosts); ++host)
        for (std::uint32_t i = 0; i < workers; ++i) threads.emplace_back([this, host] { work(host); });
    }
    for (CallId id = 0; id < scenario_.calls; ++id) {
      CallRecord& record = recorder_.records()[id];
      if (record.attempts == 0) recorder_.leave_out(id, id + 1);
      if (broken_ == Break::backdate_starts) record.started = std::min(record.started, scenario_.deadline);
    }
  }

 private:
  void share_one_list() {
    for (std::size_t host = 1; host < listings_.size(); ++host)
      listings_[0].insert(listings_[0].end(), listings_[host].begin(), listings_[host].end());
  }

  std::optional<CallId> next(std::uint32_t host) {
    const std::lock_guard lock(mutex_);
    auto& left = listings_[broken_ == Break::share_one_limit ? 0 : host];
    if (left.empty() || Recorder::Clock::now() >= stop_) return std::nullopt;
    const CallId first = left.front();
    left.pop_front();
    return first;
  }

  void work(std::uint32_t host) {
    while (const auto first = next(host)) {
      std::vector<std::jthread> at_work;
      Reply page{.more = true};
      for (CallId id = *first; page.more && Recorder::Clock::now() < stop_; ++id) {
        if (id > *first && broken_ == Break::give_up_early) break;
        if (id > *first && broken_ == Break::skip_a_page) ++id;
        if (id > *first) recorder_.ready(id);
        recorder_.start(id);
        page = client_.get({.run = scenario_.run, .id = id, .cursor = page.answer}, {.deadline = over_});
        if (broken_ == Break::fetch_too_far_ahead)
          at_work.emplace_back([this, id, page] { finish(id, page); });
        else
          finish(id, page);
      }
    }
  }

  void finish(CallId id, Reply page) {
    if (page.verdict == Verdict::timed_out) page.verdict = Verdict::cancelled;
    if (broken_ == Break::cancel_completed_calls && Recorder::Clock::now() >= stop_) {
      std::this_thread::sleep_until(over_);
      page.verdict = Verdict::cancelled;
    }
    if (page.verdict == Verdict::ok && broken_ == Break::work_never)
      page.answer = kernel_result(page.answer, scenario_.kernel_steps);  // which takes no time
    else if (page.verdict == Verdict::ok)
      page = digest(with_less_work(scenario_, broken_), page);
    recorder_.finish(id, page);
  }

  BlockingClient& client_;
  const Scenario& scenario_;
  Recorder& recorder_;
  Break broken_;
  std::mutex mutex_;
  std::vector<std::deque<CallId>> listings_;
  Recorder::Clock::time_point stop_, over_;
};

}  // namespace fanbench::toys
