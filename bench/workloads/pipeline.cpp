// pipeline: items go through three stages, a call each that needs the one before; item by item, or stage by
// stage. Ideal: streamed, the longest item; barrier, the sum of each stage's longest call.
#include <fmt/format.h>

#include <array>
#include <vector>

#include "bench/specification/checks.hpp"
#include "bench/specification/schedules.hpp"

namespace fanbench::workloads {
namespace {

constexpr std::uint32_t stages = Scenario::stages;

std::uint32_t items(const Case& c) { return c.scenario.calls / stages; }

Nanoseconds ideal(const Case& c, const Delays& delay) {
  if (c.scenario.mode == Mode::streamed) return ideal_of_chains(c, delay, stages);
  Slots slots(c);
  Nanoseconds end{};  // of the stage
  for (std::uint32_t stage = 0; stage < stages; ++stage) {
    const Nanoseconds begin = end;
    for (CallId id = stage; id < c.scenario.calls; id += stages)
      end = std::max(end, slots.serve(begin, delay(id)));
  }
  return end;
}

Mistake refuse(const Case& c) { return refuse_broken_chains(c, stages); }

/// What a call has to wait for: the call before, or with a barrier all calls of the stage before.
struct Before {
  Nanoseconds due{};       // of the ledger's clock
  Nanoseconds finished{};  // since the run began
};

Mistake check_call(const Case& c, const Outcome& outcome, const LedgerCall& call, const Before& before) {
  const std::string_view what = c.scenario.mode == Mode::barrier ? "the last call of the stage" : "the call";
  if (call.arrived < before.due) {
    return fmt::format("call {}, of stage {}, reached the server {} before {} before it was due", call.id,
                       call.id % stages, format_duration(before.due - call.arrived), what);
  }
  if (outcome.records[call.id].intended < before.finished)
    return fmt::format("call {} is recorded as ready before {} before it had ended", call.id, what);
  return std::nullopt;
}

Mistake check(const Case& c, const Outcome& outcome, const Ledger& ledger, std::uint32_t) {
  if (auto mistake = check_each_once(c, outcome, ledger)) return mistake;
  std::vector<Before> calls(c.scenario.calls);
  std::array<Before, stages> last{};
  for (const LedgerCall& call : ledger.calls) {
    calls[call.id] = {call.due, outcome.records[call.id].finished};
    Before& stage = last[call.id % stages];
    stage.due = std::max(stage.due, call.due);
    stage.finished = std::max(stage.finished, calls[call.id].finished);
  }
  for (const LedgerCall& call : ledger.calls) {
    const std::uint32_t stage = call.id % stages;
    if (stage == 0) continue;
    const Before& before = c.scenario.mode == Mode::barrier ? last[stage - 1] : calls[call.id - 1];
    if (auto mistake = check_call(c, outcome, call, before)) return mistake;
  }
  return std::nullopt;
}

void settle(Case& c) { c.plan.chain = stages; }

/// Whether all items are through a stage is asked of all together.
std::string_view refuses_to_be_dealt_out(const Case& c) {
  return c.scenario.mode == Mode::barrier ? "no item begins a stage before all have ended the one before" : "";
}

}  // namespace

Specification pipeline() {
  return {
      .workload = "pipeline",
      .in_short = "three calls for each item, one after another",
      .sentence =
          "Each item is fetched, enriched and saved, three calls of which each needs the answer of the one "
          "before; stage by stage (barrier) or item by item (streamed). Ideal: the sum of each stage's "
          "longest delay, or the longest item.",
      .keys = {word_key({.name = "mode",
                         .meaning = "stage by stage, or item by item; `calls` is 3 for each item",
                         .example = "mode = [\"barrier\", \"streamed\"]",
                         .otherwise = "\"streamed\"",
                         .phrase = "{}",
                         .phrases = {{"barrier", "stage by stage"}, {"streamed", "item by item"}}},
                        {"barrier", "streamed"}, &Scenario::mode)},
      .example = R"(
calls = 24
latency = "uniform:min=10ms,max=40ms"
)",
      .settle = settle,
      .simulate = ideal,
      .in_flight = items,
      .refuse = refuse,
      .check = check,
      .tasks = items,
      .refuses_slots = {},
      .dealing = {.refuses = refuses_to_be_dealt_out, .together = [](const Case&) { return stages; }},
  };
}

}  // namespace fanbench::workloads
