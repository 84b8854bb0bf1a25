// Listings of several hosts, read page by page until a budget is over, by models that block a thread for each
// call.
#pragma once

#include <algorithm>
#include <atomic>
#include <optional>
#include <vector>

#include "impls/blocking/call.hpp"

namespace fanbench {

/// How many workers each host has: `limit`, as far as there are listings for them.
inline std::uint32_t workers_of_each(const Scenario& scenario) {
  return std::min(scenario.limit, scenario.calls / scenario.hosts / scenario.pages);
}

/// Whether pages may still be begun.
inline bool within_budget(const Scenario& scenario, const Recorder& recorder) {
  return Recorder::Clock::now() < recorder.began() + scenario.deadline;
}

/// One page, which is given up at the end of the grace. It is finished by who does the work on it.
inline Reply fetch_page(BlockingClient& client, const Scenario& scenario, const Request& request,
                        Recorder& recorder) {
  recorder.start(request.id);
  Reply page = client.get(request, {.deadline = recorder.began() + scenario.deadline + scenario.grace});
  if (page.verdict == Verdict::timed_out) page.verdict = Verdict::cancelled;
  return page;
}

/// The pages from `first` on, one after another, until the listing or the budget is over. `work` does the
/// work on a page and returns it with the result.
template <class Work>
void read_listing(BlockingClient& client, const Scenario& scenario, CallId first, Recorder& recorder,
                  const Work& work) {
  Reply page{.more = true};
  CallId id = first;
  for (; page.more && within_budget(scenario, recorder); ++id) {
    if (id > first) recorder.ready(id);
    const Request request{.run = scenario.run, .id = id, .cursor = page.answer};
    page = fetch_page(client, scenario, request, recorder);
    recorder.finish(id, page.verdict == Verdict::ok ? work(page) : page);
  }
  recorder.leave_out(id, first + scenario.pages);
}

/// The listings of one run, which the workers of each host take one after another. For many threads.
class Listings {
 public:
  Listings(const Scenario& scenario, Recorder& recorder)
      : scenario_(scenario), recorder_(recorder), next_(scenario.hosts) {
    for (std::uint32_t host = 0; host < scenario.hosts; ++host) next_[host] = begin_of(host);
  }

  /// The first page of the host's next listing; nothing where none is left, or the budget is over.
  std::optional<CallId> next(std::uint32_t host) {
    const CallId end = begin_of(host + 1);
    if (next_[host] >= end || !within_budget(scenario_, recorder_)) return std::nullopt;
    const CallId first = next_[host].fetch_add(scenario_.pages);
    return first < end ? std::optional(first) : std::nullopt;
  }
  /// One of the host's workers.
  template <class Work>
  void read(BlockingClient& client, std::uint32_t host, const Work& work) {
    while (const auto first = next(host)) read_listing(client, scenario_, *first, recorder_, work);
  }
  /// When all workers have ended.
  void leave_rest() {
    for (std::uint32_t host = 0; host < scenario_.hosts; ++host)
      recorder_.leave_out(next_[host], begin_of(host + 1));
  }

 private:
  CallId begin_of(std::uint32_t host) const { return host * (scenario_.calls / scenario_.hosts); }

  const Scenario& scenario_;
  Recorder& recorder_;
  std::vector<std::atomic<CallId>> next_;
};

}  // namespace fanbench
