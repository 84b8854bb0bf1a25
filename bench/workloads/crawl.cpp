// crawl: listings of several hosts, read page by page by a few workers for each host, with work after each
// page, until the budget is over; then no page is begun any more, those in flight have a while to end, and
// the rest is given up. Ideal: simulated, with all hosts' work in the order of the replies, on CPUs that have
// nothing else to do.
#include <fmt/format.h>

#include <functional>
#include <queue>
#include <vector>

#include "bench/specification/checks.hpp"
#include "bench/specification/keys.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

Nanoseconds budget(const Case& c) { return c.scenario.deadline; }
Nanoseconds over(const Case& c) { return budget(c) + c.scenario.grace; }

std::uint32_t calls_of_each(const Case& c) { return c.scenario.calls / c.scenario.hosts; }
std::uint32_t listings_of_each(const Case& c) { return calls_of_each(c) / c.scenario.pages; }
std::uint32_t workers_of_each(const Case& c) { return std::min(c.scenario.limit, listings_of_each(c)); }
std::uint32_t host_of(const Case& c, CallId id) { return id / calls_of_each(c); }
bool begins_listing(const Case& c, CallId id) { return id % c.scenario.pages == 0; }

std::uint32_t in_flight(const Case& c) { return c.scenario.hosts * workers_of_each(c); }
/// The workers, and those that offloaded work is done in.
std::uint32_t tasks(const Case& c) { return in_flight(c) + c.scenario.cpus; }

void settle(Case& c) { c.plan.chain = c.scenario.pages; }

struct Crawl {
  Nanoseconds end{};
  std::uint32_t completed = 0;
};

/// A worker asks for its next page when the work on the last is done, or for the first of its host's next
/// listing. Work begins in the order of the replies, each piece as soon as there is a CPU for it.
Crawl simulate(const Case& c, const Delays& delay) {
  using Reply = std::pair<Nanoseconds, CallId>;
  std::priority_queue<Reply, std::vector<Reply>, std::greater<>> replies;
  std::priority_queue<Nanoseconds, std::vector<Nanoseconds>, std::greater<>> cpu_free_at;
  for (std::uint32_t i = 0; i < c.scenario.cpus; ++i) cpu_free_at.emplace();
  std::vector<CallId> next(c.scenario.hosts);
  Crawl crawl;
  const auto ask = [&](CallId id, Nanoseconds now) {
    if (now < budget(c))
      replies.emplace(now + delay(id), id);
    else
      crawl.end = std::max(crawl.end, budget(c));
  };
  const auto take_listing = [&](std::uint32_t host, Nanoseconds now) {
    if (next[host] == listings_of_each(c)) return;
    ask(host * calls_of_each(c) + next[host]++ * c.scenario.pages, now);
  };
  for (std::uint32_t i = 0; i < workers_of_each(c); ++i)
    for (std::uint32_t host = 0; host < c.scenario.hosts; ++host) take_listing(host, {});
  while (!replies.empty()) {
    const auto [came, id] = replies.top();
    replies.pop();
    crawl.end = std::max(crawl.end, std::min(came, over(c)));
    if (came > over(c)) continue;  // given up
    const Nanoseconds done = std::max(came, cpu_free_at.top()) + c.work;
    cpu_free_at.pop();
    cpu_free_at.push(done);
    crawl.end = std::max(crawl.end, done);
    ++crawl.completed;
    if (begins_listing(c, id + 1))
      take_listing(host_of(c, id), done);
    else
      ask(id + 1, done);
  }
  return crawl;
}

Nanoseconds ideal(const Case& c, const Delays& delay) { return simulate(c, delay).end; }
std::uint32_t completes(const Case& c) { return simulate(c, Delays(c)).completed; }

/// Whoever leaves something out does so when the budget is over. All of it takes a host's workers no less
/// than its pages together, or than its longest listing, and the CPUs no less than all work.
Nanoseconds least(const Case& c) {
  const Delays delay(c);
  const Nanoseconds work = calibrated_at_least(c.work);
  Nanoseconds whole = c.scenario.calls * work / c.scenario.cpus;
  for (std::uint32_t host = 0; host < c.scenario.hosts && in_flight(c) > 0; ++host) {
    Nanoseconds together{}, listing{};
    const CallId first = host * calls_of_each(c);
    for (CallId id = first; id < first + calls_of_each(c); ++id) {
      if (begins_listing(c, id)) listing = {};
      together += delay(id) + work;
      listing += delay(id) + work;
      whole = std::max(whole, listing);
    }
    whole = std::max(whole, together / workers_of_each(c));
  }
  return std::min(whole, budget(c));
}

/// No longer than the budget, however few pages that is.
Nanoseconds one_by_one(const Case& c) { return std::min(sum_of_delays(c), over(c)); }

Mistake refuse(const Case& c) {
  const std::uint64_t unit = std::uint64_t{c.scenario.hosts} * c.scenario.pages;
  if (c.scenario.calls % unit != 0) {
    return fmt::format("{} calls are not listings of {} for each of {} hosts: choose a multiple of {}",
                       c.scenario.calls, c.scenario.pages, c.scenario.hosts, unit);
  }
  return refuse_broken_chains(c, c.scenario.pages);
}

/// By so much may be late what waits for a CPU, on a busy machine and with the work of all workers before it:
/// twice, where one process hands on to another.
Nanoseconds held_up_behind_work(const Case& c) {
  return lateness_allowed + 2 * held_up + in_flight(c) * c.work;
}

/// A worker that takes up a page looks at the clock just before. What is given up is so at the end of the
/// grace.
Mistake check_page(const Case& c, CallId id, const CallRecord& record) {
  if (record.started > budget(c) + lateness_allowed)
    return fmt::format("call {} was begun {} after the end of the budget", id,
                       format_duration(record.started - budget(c)));
  if (record.verdict != Verdict::cancelled) return check_made_once(c, id, record);
  if (record.finished + lateness_allowed < over(c))
    return fmt::format("call {} was given up {} before the end of the grace", id,
                       format_duration(over(c) - record.finished));
  return std::nullopt;
}

/// A page needs the one before, and the work on it, to be done. It is asked for then, if there is time, and
/// nobody has to wait for a worker.
Mistake check_next_page(const Case& c, const Outcome& outcome, CallId id, bool workers_for_all) {
  const CallRecord &page = outcome.records[id], &before = outcome.records[id - 1];
  if (page.attempts == 0) {
    const bool done = before.attempts > 0 && before.verdict == Verdict::ok;
    if (!workers_for_all || !done || before.finished + held_up_behind_work(c) >= budget(c))
      return std::nullopt;
    return fmt::format(
        "call {} was not made, though the page before was done {} before the end of the budget", id,
        format_duration(budget(c) - before.finished));
  }
  if (page.intended < before.finished)
    return fmt::format("call {} is recorded as ready before it could be asked for", id);
  return std::nullopt;
}

/// Listings are begun in order: a later one of the same host no sooner, but for a worker that was held up
/// when it had taken its own.
Mistake check_order(const Case& c, const Outcome& outcome, std::uint32_t host) {
  const CallId first = host * calls_of_each(c), end = first + calls_of_each(c);
  CallId earliest = 0;  // of those after
  Nanoseconds begun = Nanoseconds::max() - held_up_behind_work(c);
  for (CallId id = end; id > first;) {
    id -= c.scenario.pages;
    const CallRecord& record = outcome.records[id];
    const Nanoseconds started = record.attempts > 0 ? record.started : budget(c);
    if (begun + held_up_behind_work(c) < started) {
      return fmt::format(
          "the listing of call {} was begun {} before that of call {}, which comes first at its host",
          earliest, format_duration(started - begun), id);
    }
    if (record.attempts > 0 && started < begun) {
      begun = started;
      earliest = id;
    }
  }
  return std::nullopt;
}

/// A worker with a listing left to take is at work until the budget is over.
Mistake check_left_out(const Case& c, const Outcome& outcome, std::uint32_t host) {
  if (budget(c) < time_to_begin(in_flight(c), begins_one_in(c)) + held_up_behind_work(c)) return std::nullopt;
  const CallId first = host * calls_of_each(c), end = first + calls_of_each(c);
  std::uint32_t at_work = 0, left_out = 0;
  for (CallId id = first; id < end; ++id) {
    const CallRecord& record = outcome.records[id];
    left_out += begins_listing(c, id) && record.attempts == 0;
    at_work += record.attempts > 0 && record.finished + held_up_behind_work(c) >= budget(c);
  }
  if (left_out == 0 || at_work >= workers_of_each(c)) return std::nullopt;
  return fmt::format(
      "{} listings of host {} were not begun, though {} of its {} workers had nothing to do {} before the "
      "end of the budget",
      left_out, host, workers_of_each(c) - at_work, workers_of_each(c),
      format_duration(held_up_behind_work(c)));
}

/// Until when the host had a listing for each of its workers.
Nanoseconds all_at_work_until(const Case& c, const Outcome& outcome, std::uint32_t host) {
  const CallId first = host * calls_of_each(c), end = first + calls_of_each(c);
  std::vector<Nanoseconds> ends;
  for (CallId last = first + c.scenario.pages - 1; last < end; last += c.scenario.pages) {
    const CallRecord& record = outcome.records[last];
    ends.push_back(record.verdict == Verdict::ok ? std::min(record.finished, budget(c)) : budget(c));
  }
  std::ranges::sort(ends);
  return ends[ends.size() - workers_of_each(c)];
}

/// The pages that were under way until then, of these hosts: at least half as many as there were workers for,
/// on average. On a busy machine they take long, but are begun.
Mistake check_at_work(const Case& c, const Outcome& outcome, std::uint32_t first_host, std::uint32_t end_host,
                      std::uint32_t workers, Nanoseconds until) {
  const Nanoseconds judged = until - time_to_begin(workers, begins_one_in(c)) - held_up;
  if (judged <= Nanoseconds::zero()) return std::nullopt;
  Nanoseconds together{};
  for (CallId id = first_host * calls_of_each(c); id < end_host * calls_of_each(c); ++id) {
    const CallRecord& record = outcome.records[id];
    if (record.attempts > 0)
      together += std::max(std::min(record.finished, until) - record.started, Nanoseconds::zero());
  }
  if (2 * together >= workers * judged) return std::nullopt;
  const auto average = static_cast<double>(together.count()) / static_cast<double>(until.count());
  const std::string where =
      end_host - first_host == 1 ? fmt::format("host {}", first_host) : std::string("all hosts");
  return fmt::format(
      "{:.1f} pages of {} were under way on average in the first {}, expected at least half of {}", average,
      where, format_duration(until), workers);
}

/// Of each host, where each of its workers can have a call; else of all together, until one has fewer
/// listings left than workers.
Mistake check_workers(const Case& c, const Outcome& outcome, std::uint32_t at_once) {
  Nanoseconds soonest = Nanoseconds::max();
  for (std::uint32_t host = 0; host < c.scenario.hosts; ++host) {
    const Nanoseconds until = all_at_work_until(c, outcome, host);
    soonest = std::min(soonest, until);
    if (at_once < in_flight(c)) continue;
    if (auto mistake = check_at_work(c, outcome, host, host + 1, workers_of_each(c), until)) return mistake;
  }
  return check_at_work(c, outcome, 0, c.scenario.hosts, at_once, soonest);
}

/// Answered calls count until their replies are due: those that take their place may come before the server
/// has seen their end.
Mistake check_limit(const Case& c, const Ledger& ledger) {
  std::vector<std::vector<std::pair<Nanoseconds, int>>> changes(c.scenario.hosts);
  for (const LedgerCall& call : ledger.calls) {
    auto& of_host = changes[host_of(c, call.id)];
    of_host.emplace_back(call.arrived, 1);
    of_host.emplace_back(std::min(call.due, call.ended), -1);
  }
  for (std::uint32_t host = 0; host < c.scenario.hosts; ++host) {
    if (const std::uint64_t most = most_at_once(std::move(changes[host])); most > c.scenario.limit)
      return fmt::format("{} calls to host {} were in flight at once, expected at most {}", most, host,
                         c.scenario.limit);
  }
  return std::nullopt;
}

Mistake check_end(const Case& c, const Outcome& outcome, const LedgerCall& call) {
  if (outcome.surely_after(call.arrived, budget(c) + held_up_behind_work(c)))
    return fmt::format("call {} reached the server {} after the end of the budget", call.id,
                       format_duration(call.arrived - outcome.at(budget(c))));
  const bool cancelled = outcome.records[call.id].verdict == Verdict::cancelled;
  if (cancelled && outcome.surely_before(call.due, over(c) - held_up_behind_work(c)))
    return fmt::format("call {} was given up, but its reply was due {} before the end of the grace", call.id,
                       format_duration(outcome.at(over(c)) - call.due));
  if (outcome.surely_after(call.ended, over(c) + cancelled_within(c) + in_flight(c) * c.work))
    return fmt::format("call {} was not given up: it was open until {} after the end of the grace", call.id,
                       format_duration(call.ended - outcome.at(over(c))));
  return std::nullopt;
}

Mistake check_ledger(const Case& c, const Outcome& outcome, const Ledger& ledger) {
  std::vector<const LedgerCall*> calls(c.scenario.calls);
  for (const LedgerCall& call : ledger.calls) calls[call.id] = &call;
  for (const LedgerCall& call : ledger.calls) {
    if (auto mistake = check_end(c, outcome, call)) return mistake;
    if (begins_listing(c, call.id)) continue;
    const LedgerCall* before = calls[call.id - 1];
    if (before == nullptr) return fmt::format("call {} was made without the page before", call.id);
    if (const Nanoseconds ready = before->due + calibrated_at_least(c.work); call.arrived < ready)
      return fmt::format("call {} was asked for {} too early: the work on the page before was not done",
                         call.id, format_duration(ready - call.arrived));
  }
  return check_limit(c, ledger);
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  if (c.scenario.calls == 0) return std::nullopt;
  for (CallId id = 0; id < c.scenario.calls; ++id) {
    const CallRecord& record = outcome.records[id];
    if (record.attempts > 0) {
      if (auto mistake = check_page(c, id, record)) return mistake;
    }
    if (begins_listing(c, id)) continue;
    if (auto mistake = check_next_page(c, outcome, id, at_once == in_flight(c))) return mistake;
  }
  if (auto mistake = check_ledger(c, outcome, ledger)) return mistake;
  for (std::uint32_t host = 0; host < c.scenario.hosts && at_once == in_flight(c); ++host) {
    if (auto mistake = check_order(c, outcome, host)) return mistake;
    if (auto mistake = check_left_out(c, outcome, host)) return mistake;
  }
  return check_workers(c, outcome, at_once);
}

/// The end of the grace, where anything was given up.
std::optional<Nanoseconds> decided(const Case& c, const Outcome& outcome) {
  return outcome.given_up() > 0 ? std::optional(over(c)) : std::nullopt;
}

/// Those that came to pass.
std::vector<Moment> moments(const Case& c, const Outcome& outcome) {
  std::vector<Moment> all = {{"end of the budget", budget(c)}, {"end of the grace", over(c)}};
  std::erase_if(all, [&](const Moment& moment) { return moment.at > outcome.makespan; });
  return all;
}

std::vector<Key> keys() {
  return {
      number_key(
          {.name = "hosts",
           .meaning = "among which the listings are dealt out in a row: shares of one mock server, each "
                      "with its own limit",
           .example = "hosts = 4",
           .needed = "how many hosts there are",
           .phrase = "{} hosts",
           .phrases = {{"1", "one host"}}},
          &Scenario::hosts, 1, 10'000),
      number_key({.name = "pages",
                  .meaning = "in each listing; there are `calls / pages` listings",
                  .example = "pages = 5",
                  .needed = "the pages of each listing",
                  .phrase = "{} pages a listing",
                  .phrases = {{"1", "1 page a listing"}}},
                 &Scenario::pages, 1, million),
      limit_key("workers of each host: each has one call, or the work on its page"),
      cpu_per_call_key("work after each page"),
      placement_key(),
      duration_key({.name = "stop_after",
                    .meaning = "the budget: from then on, from the run's start, no page is begun any more",
                    .example = "stop_after = \"5s\"",
                    .needed = "a duration",
                    .phrase = "a budget of {}"},
                   &Scenario::deadline),
      duration_key({.name = "grace",
                    .meaning = "for the pages in flight at the end of the budget",
                    .example = "grace = \"100ms\"",
                    .needed = "a duration",
                    .phrase = "grace {}"},
                   &Scenario::grace)};
}

}  // namespace

Specification crawl() {
  return {
      .workload = "crawl",
      .in_short = "listings of several hosts, work on each page, a budget",
      .sentence =
          "Listings of several hosts are read page by page, by at most so many workers for each host, and "
          "each page is followed by computing, inline or offloaded to a pool. When the budget is over, no "
          "page is begun any more, those in flight may end within a grace, and the rest is given up. Ideal: "
          "pages and work simulated; what tells models apart is how many pages they get of those that it "
          "gets.",
      .keys = keys(),
      .example = R"(
calls = 24
latency = "uniform:min=10ms,max=60ms"
hosts = 2
pages = 3
limit = 2
cpu_per_call = "1ms"
stop_after = "150ms"
grace = "30ms"
)",
      .settle = settle,
      .simulate = ideal,
      .bound = least,
      .in_flight = in_flight,
      .refuse = refuse,
      .check = check,
      .tasks = tasks,
      .gives_up = true,
      .decided = decided,
      .moments = moments,
      .draws_anew = true,
      .one_by_one = one_by_one,
      .completes = completes,
      .dealing = {.together = calls_of_each, .shared = {{"hosts", &Scenario::hosts}}},
  };
}

}  // namespace fanbench::workloads
