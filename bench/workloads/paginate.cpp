// paginate: streams of pages, each page brings the next one's cursor and is consumed before the next is asked
// for, or while the next is fetched. Ideal: the longest stream, simulated.
#include <fmt/format.h>

#include <vector>

#include "bench/specification/checks.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

std::uint32_t streams(const Case& c) { return c.scenario.calls / c.scenario.pages; }

/// The earliest that the next page may be asked for, when this one came and the one before was taken up by
/// the consumer at these times. Fetching ahead, that is when the consumer, done with the one before, takes up
/// this one.
struct Turn {
  Nanoseconds taken_up{}, asked{};
};
Turn next_turn(const Case& c, Nanoseconds came, const Turn* before) {
  const Nanoseconds consume = c.scenario.consume;
  const Nanoseconds taken_up = before ? std::max(came, before->taken_up + consume) : came;
  return {taken_up, c.scenario.prefetch > 0 ? taken_up : taken_up + consume};
}

Nanoseconds ideal(const Case& c, const Delays& delay) {
  const std::uint32_t pages = c.scenario.pages;
  std::vector<Turn> turns(c.scenario.calls / pages + 1);  // by stream
  Nanoseconds last{};
  serve_in_turn(c, delay, heads_of_chains(c, pages), [&](CallId id, Nanoseconds came) {
    Turn& turn = turns[id / pages];
    turn = next_turn(c, came, id % pages == 0 ? nullptr : &turn);
    last = std::max(last, turn.taken_up + c.scenario.consume);
    return (id + 1) % pages == 0 ? std::nullopt : std::optional(Arrival{turn.asked, id + 1});
  });
  return last;
}

Mistake refuse(const Case& c) { return refuse_broken_chains(c, c.scenario.pages); }

/// Pages of which it can be told whether they were fetched ahead, and those that were not.
struct Ahead {
  std::uint32_t judged = 0, missed = 0;
};

/// A page is fetched ahead when the consumer takes up the one before: at once if that is the first, else at
/// most max(delay, consume) after it was asked for. It was missed if it was asked for only when the consumer
/// was done. Where these are not far apart it cannot be told.
void judge(const Case& c, std::size_t i, const LedgerCall& page, const LedgerCall& before, Ahead& ahead) {
  const Nanoseconds consume = c.scenario.consume;
  const Nanoseconds early = i == 1 ? consume : std::min(before.due - before.arrived, consume);
  if (early < time_to_begin(streams(c), begins_warm_in(c))) return;
  ++ahead.judged;
  ahead.missed += page.arrived >= before.due + consume;
}

Mistake check_stream(const Case& c, const Outcome& outcome, std::span<const LedgerCall* const> pages,
                     Ahead& ahead) {
  Turn turn = next_turn(c, pages[0]->due, nullptr);
  for (std::size_t i = 1; i < pages.size(); ++i) {
    const LedgerCall &page = *pages[i], &before = *pages[i - 1];
    if (page.arrived < turn.asked) {
      return fmt::format("call {}, page {} of its stream, was asked for {} too early", page.id, i,
                         format_duration(turn.asked - page.arrived));
    }
    const Nanoseconds consumed = c.scenario.prefetch > 0 ? Nanoseconds::zero() : c.scenario.consume;
    if (outcome.records[page.id].intended < outcome.records[before.id].finished + consumed)
      return fmt::format("call {} is recorded as ready before it could be asked for", page.id);
    judge(c, i, page, before, ahead);
    turn = next_turn(c, page.due, &turn);
  }
  return std::nullopt;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t at_once) {
  if (auto mistake = check_each_once(c, outcome, ledger)) return mistake;
  std::vector<const LedgerCall*> calls(c.scenario.calls);
  for (const LedgerCall& call : ledger.calls) calls[call.id] = &call;
  Ahead ahead;
  for (std::size_t first = 0; first < calls.size(); first += c.scenario.pages) {
    const auto stream = std::span(calls).subspan(first, c.scenario.pages);
    if (auto mistake = check_stream(c, outcome, stream, ahead)) return mistake;
  }
  // On a busy machine a page may be late, and so it may where a stream waits for another's worker: that is a
  // result. Most of them are an error.
  if (c.scenario.prefetch == 0 || at_once < streams(c) || ahead.missed * 2 <= ahead.judged)
    return std::nullopt;
  return fmt::format(
      "{} pages of {} were not fetched ahead, but asked for when the one before had been consumed",
      ahead.missed, ahead.judged);
}

/// A second one for each stream fetches ahead.
std::uint32_t tasks(const Case& c) { return streams(c) * (1 + c.scenario.prefetch); }

void settle(Case& c) { c.plan.chain = c.scenario.pages; }

Nanoseconds one_by_one(const Case& c) { return sum_of_delays(c) + c.scenario.calls * c.scenario.consume; }

}  // namespace

Specification paginate() {
  return {
      .workload = "paginate",
      .in_short = "streams of pages, each page names the next",
      .sentence =
          "Streams are read page by page: each page brings the cursor of the next and is consumed, before "
          "the next is asked for or, with prefetch, while it is fetched (async generator, cursor). Ideal: "
          "the longest stream.",
      .keys = {number_key({.name = "pages",
                           .meaning = "in each stream; there are `calls / pages` streams",
                           .example = "pages = 5",
                           .needed = "the pages of each stream",
                           .phrase = "{} pages a stream",
                           .phrases = {{"1", "1 page a stream"}}},
                          &Scenario::pages, 1, million),
               number_key({.name = "prefetch",
                           .meaning = "pages fetched ahead of the consumer",
                           .example = "prefetch = [0, 1]",
                           .otherwise = "0",
                           .phrase = "prefetch {}",
                           .phrases = {{"0", ""}, {"1", "next page fetched ahead"}}},
                          &Scenario::prefetch, 0, 1),
               duration_key({.name = "consume",
                             .meaning = "how long the consumer takes for a page, waiting",
                             .example = "consume = \"40ms\"",
                             .otherwise = "\"0ms\"",
                             .phrase = "{} to consume a page",
                             .phrases = {{"0ms", ""}}},
                            &Scenario::consume)},
      .example = R"(
calls = 24
latency = "uniform:min=10ms,max=40ms"
pages = 3
consume = "25ms"
)",
      .settle = settle,
      .simulate = ideal,
      .in_flight = streams,
      .refuse = refuse,
      .check = check,
      .tasks = tasks,
      .refuses_slots = {},
      .one_by_one = one_by_one,
      .dealing = {.together = [](const Case& c) { return c.scenario.pages; }},
  };
}

}  // namespace fanbench::workloads
