// The keys that scenarios of all workloads have.
#include "bench/suite/general_keys.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "bench/specification/specification.hpp"
#include "bench/suite/contestants.hpp"
#include "bench/suite/values.hpp"
#include "impls/http/transports.hpp"

namespace fanbench {
namespace {

using Names = std::vector<std::string_view>;

template <class Rows>
Names names_of(const Rows& rows) {
  Names names;
  for (const auto& row : rows) names.emplace_back(row.name);
  return names;
}

/// A name out of a list of them, or where there is a default the word for all of them.
Key name_key(Key key, const Names& names, std::string Case::*member) {
  const bool may_be_all = !key.otherwise.empty();
  key.values = fmt::format("{}", fmt::join(names, ", ")) + (may_be_all ? ", all" : "");
  key.read = [names, member, may_be_all](const Node& node) {
    const auto* text = node.value.as_string();
    std::vector<Change> changes;
    const auto choose = [&](std::string_view name) {
      changes.emplace_back([member, name](Case& c) { c.*member = name; });
    };
    if (may_be_all && text && text->get() == "all") {
      for (const std::string_view name : names) choose(name);
    } else {
      choose(names[read_word(node, names)]);
    }
    return changes;
  };
  return key;
}

/// Names of ours, or of contestants, which bring a client of their own.
Key models_key(Key key) {
  key.values = fmt::format("{}, all; a contestant or its folder", fmt::join(names_of(models()), ", "));
  key.read = [](const Node& node) {
    const auto* text = node.value.as_string();
    std::vector<Change> changes;
    for (const ModelEntry& entry : models()) {
      if (text && (text->get() == "all" || text->get() == entry.name))
        changes.emplace_back([&entry](Case& c) { c.model = entry.name; });
    }
    if (changes.empty()) {
      changes.emplace_back([name = learn_contestant(node)](Case& c) {
        c.model = name;
        c.transport = own_client;
      });
    }
    return changes;
  };
  return key;
}

bool has_own_client(const Case& c) { return model_of(c.model).is_program; }

template <class Read>
Key value_key(Key key, std::string values, Read read) {
  key.values = std::move(values);
  key.read = [read](const Node& node) -> std::vector<Change> { return {read(node)}; };
  return key;
}

template <class T, class Set>
Key whole_number_key(Key key, T min, T max, Set set) {
  return value_key(std::move(key), fmt::format("{} … {}", min, max), [=](const Node& node) {
    return [set, value = read_number(node, min, max)](Case& c) { set(c, value); };
  });
}

std::string needs_workers(const Case& c) {
  if (model_of(c.model).has_workers) return {};
  Names with;
  for (const ModelEntry& entry : models())
    if (entry.has_workers) with.emplace_back(entry.name);
  return fmt::format(
      "expected only for {}, got it for {} too: put the models with workers in a scenario of their own",
      fmt::join(with, ", "), c.model);
}

std::string needs_known_waits(const Case& c) {
  const std::string_view why = specification_of(c.workload).refuses_slots;
  if (why.empty()) return {};
  Names with;
  for (const Specification& row : specifications())
    if (row.refuses_slots.empty()) with.push_back(row.workload);
  return fmt::format("expected only for {}, got it for {}: {}", fmt::join(with, ", "), c.workload, why);
}

std::string has_no_delays(const Case& c) {
  if (!specification_of(c.workload).subscribes) return {};
  return fmt::format("expected only where the server delays calls, got it for {}: leave it out", c.workload);
}

Names workload_names() {
  Names names;
  for (const Specification& row : specifications()) names.push_back(row.workload);
  return names;
}

std::vector<Key> make_leading_keys() {
  return {
      name_key({.name = "workload",
                .meaning = "what is done; a list of workloads has keys that all of them have",
                .example = "workload = \"gather\"",
                .needed = "the name of a workload"},
               workload_names(), &Case::workload),
      models_key({.name = "models",
                  .meaning = "how concurrency is made; all: those of ours that have the workload over the "
                             "transport; or [programs of other languages](../impls/external/PROTOCOL.md)",
                  .example = "models = [\"coroutines\", \"python_asyncio\"]",
                  .otherwise = "\"all\""}),
      name_key({.name = "transports",
                .meaning = "the HTTP client under the model; contestants bring their `own`",
                .example = "transports = \"native\"",
                .otherwise = "\"all\"",
                .skips = has_own_client},
               names_of(transports()), &Case::transport),
      whole_number_key({.name = "calls",
                        .meaning = "calls of a fan-out",
                        .example = "calls = [100, 500]",
                        .otherwise = "1",
                        .phrase = "{} calls",
                        .phrases = {{"1", "1 call"}},
                        .elsewhere = {"requests"}},
                       1U, million, [](Case& c, std::uint32_t calls) { c.scenario.calls = calls; }),
      value_key({.name = "latency",
                 .meaning = "the delays of the calls",
                 .example = "latency = \"uniform:min=10ms,max=50ms\"",
                 .otherwise = "\"200ms\"",
                 .phrase = "{}",
                 .elsewhere = {"delay"},
                 .without = has_no_delays},
                "a duration, a distribution, or file: and a file's name",
                [](const Node& node) {
                  return [latency = read_latency(node)](Case& c) {
                    c.plan.delay = latency.delay;
                    c.latency_file = latency.file;
                  };
                }),
      word_key({.name = "start",
                .meaning = "warm: connections, and what the model keeps, are there before the clock starts",
                .example = "start = \"cold\"",
                .otherwise = "\"warm\"",
                .phrase = "{} start"},
               {"warm", "cold"}, &Case::cold),
  };
}

std::vector<Key> make_closing_keys() {
  Key workers = whole_number_key(
      {.name = "workers",
       .meaning =
           "of models that have them; 0: as many as calls can be in flight, or as CPUs where none is; "
           "of models with event loops: that many, a thread and connections of its own for each; 0: one",
       .example = "workers = 10",
       .otherwise = "0",
       .phrase = "{} workers",
       .phrases = {{"0", ""}, {"1", "1 worker"}}},
      0U, million, [](Case& c, std::uint32_t count) {
        c.workers = std::max(1U, count);
        c.workers_chosen = count != 0;
      });
  workers.without = needs_workers;
  Key slots = whole_number_key(
      {.name = "slots",
       .meaning = "calls that the server serves at once, while the others wait there, first come, first "
                  "served: a service that gets slower when more is asked at once; 0: no bound",
       .example = "slots = [0, 16]",
       .otherwise = "0",
       .phrase = "a server of {} slots",
       .phrases = {{"0", ""}, {"1", "a server of one slot"}}},
      0U, million, [](Case& c, std::uint32_t count) { c.plan.capacity.slots = count; });
  slots.without = needs_known_waits;
  return {
      std::move(workers),
      whole_number_key(
          {.name = "ranks",
           .meaning = "processes that make it together, each with a part of the calls, a server and "
                      "CPUs of its own, on one host or several: see [ranks](RANKS.md); 0: one process, "
                      "without any of that",
           .example = "ranks = [1, 2, 4]",
           .otherwise = "0",
           .phrase = "over {} ranks",
           .phrases = {{"0", ""}, {"1", "over one rank"}}},
          0U, max_ranks, [](Case& c, std::uint32_t count) { c.ranks = count; }),
      word_key({.name = "connection",
                .meaning = "kept and used again, or one for each call",
                .example = "connection = \"per_call\"",
                .otherwise = "\"reuse\"",
                .phrase = "connection {}",
                .phrases = {{"reuse", ""}, {"per_call", "a connection per call"}}},
               {"reuse", "per_call"}, &Case::connection),
      word_key(
          {.name = "pin",
           .meaning =
               "apart: the server has a physical core, the client the rest (of two: one); shared: both have "
               "all, for work that should use several, as cpu has always",
           .example = "pin = \"shared\"",
           .otherwise = "\"apart\"",
           .phrase = "pinned {}",
           .phrases = {{"apart", ""}, {"shared", "on all CPUs"}}},
          {"apart", "shared"}, &Case::pin),
      std::move(slots),
      whole_number_key({.name = "body_bytes",
                        .meaning = "of each reply",
                        .example = "body_bytes = 1000",
                        .otherwise = "64",
                        .phrase = "{}-byte bodies",
                        .phrases = {{"64", ""}}},
                       min_body_bytes, max_body_bytes,
                       [](Case& c, std::size_t bytes) { c.plan.body_bytes = bytes; }),
      whole_number_key({.name = "seed",
                        .meaning = "of delays, failures, priorities and jitter",
                        .example = "seed = 7",
                        .otherwise = "1",
                        .phrase = "seed {}",
                        .phrases = {{"1", ""}}},
                       std::uint64_t{0}, std::uint64_t{std::numeric_limits<std::int64_t>::max()},
                       [](Case& c, std::uint64_t seed) { c.plan.seed = c.scenario.seed = seed; }),
      whole_number_key({.name = "iterations",
                        .meaning = "timed iterations in each process",
                        .example = "iterations = 5",
                        .otherwise = "3",
                        .single = true},
                       1U, 10'000U, [](Case& c, std::uint32_t count) { c.iterations = count; }),
      value_key({.name = "watchdog",
                 .meaning =
                     "a heartbeat of 10 ms beside the workload: how late it is says how responsive the model "
                     "is; mixed has one always",
                 .example = "watchdog = true",
                 .otherwise = "false",
                 .phrase = "watchdog {}",
                 .phrases = {{"false", ""}, {"true", "with a watchdog"}}},
                "true, false",
                [](const Node& node) {
                  return [beats = read_bool(node)](Case& c) { c.scenario.watchdog = beats; };
                }),
      value_key({.name = "timeline",
                 .meaning = "keep each call's times for the timeline picture",
                 .example = "timeline = true",
                 .otherwise = "false",
                 .single = true},
                "true, false",
                [](const Node& node) { return [keep = read_bool(node)](Case& c) { c.timeline = keep; }; }),
  };
}

}  // namespace

const std::vector<Key>& leading_keys() {
  static const std::vector<Key> keys = make_leading_keys();
  return keys;
}
const std::vector<Key>& closing_keys() {
  static const std::vector<Key> keys = make_closing_keys();
  return keys;
}

}  // namespace fanbench
