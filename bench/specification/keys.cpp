// Keys that several workloads have.
#include "bench/specification/keys.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>

#include "bench/suite/values.hpp"

namespace fanbench {
namespace {

// The faults by which a call fails at once. Those that take their time would make another ideal.
constexpr std::array<std::pair<std::string_view, std::uint16_t>, 4> faults = {
    {{"reset", Failures::reset},
     {"reset_body", Failures::reset_body},
     {"cut", Failures::cut},
     {"garbage", Failures::garbage}}};

std::uint16_t read_kind(const Node& node) {
  if (const auto* text = node.value.as_string()) {
    for (const auto& [name, fault] : faults)
      if (text->get() == name) return fault;
  }
  const auto* status = node.value.as_integer();
  if (!status || status->get() < 400 || status->get() > 599)
    node.expected(R"(a status 400 … 599, "reset", "reset_body", "cut" or "garbage")");
  return static_cast<std::uint16_t>(status->get());
}

std::vector<std::uint16_t> read_kinds(const Node& node) {
  const auto* list = node.value.as_array();
  if (!list) return {read_kind(node)};
  if (list->empty()) node.expected("at least one value");
  std::vector<std::uint16_t> kinds;
  for (const toml::node& element : *list) kinds.push_back(read_kind(node.of(node.key, element)));
  return kinds;
}

double read_rate(const Node& node) {
  const auto rate = node.value.is_number() ? node.value.value<double>() : std::nullopt;
  if (!rate || !(*rate >= 0 && *rate <= 1)) node.expected("a share 0 … 1");
  return *rate;
}

Failures read_failures(const Node& node) {
  const auto* table = node.value.as_table();
  if (!table) node.expected("a table such as { rate = 0.3, attempts = 2, kinds = [503, \"reset\"] }");
  refuse_unknown(node.source, *table, "failures.", {"rate", "attempts", "kinds", "retry_after"});
  Failures failures;
  if (const auto* rate = table->get("rate")) {
    failures.rate = read_rate(node.of("failures.rate", *rate));
  } else {
    node.source.fail(node.line(), "failures.rate", "expected the share of the calls that fail, got nothing");
  }
  if (const auto* attempts = table->get("attempts"))
    failures.attempts = read_number<Attempt>(node.of("failures.attempts", *attempts), 1, 1000);
  if (const auto* kinds = table->get("kinds")) failures.kinds = read_kinds(node.of("failures.kinds", *kinds));
  if (const auto* wait = table->get("retry_after"))
    failures.retry_after = read_duration(node.of("failures.retry_after", *wait));
  return failures;
}

nlohmann::ordered_json kind_json(std::uint16_t kind) {
  for (const auto& [name, fault] : faults)
    if (kind == fault) return name;
  return kind;
}

nlohmann::ordered_json failures_json(const Case& c) {
  const Failures& failures = c.plan.failures;
  if (failures.rate <= 0) return nullptr;
  nlohmann::ordered_json kinds = nlohmann::ordered_json::array();
  for (const std::uint16_t kind : failures.kinds) kinds.push_back(kind_json(kind));
  return {{"rate", failures.rate},
          {"attempts", failures.attempts},
          {"kinds", std::move(kinds)},
          {"retry_after", format_duration(failures.retry_after)}};
}

std::string failures_text(const Case& c) {
  const Failures& failures = c.plan.failures;
  if (failures.rate <= 0) return {};
  std::string text = fmt::format("rate={}:attempts={}:kinds=", failures.rate, failures.attempts);
  for (std::size_t i = 0; i < failures.kinds.size(); ++i) {
    const nlohmann::ordered_json kind = kind_json(failures.kinds[i]);
    text += (i == 0 ? "" : "-") + (kind.is_string() ? kind.get<std::string>() : kind.dump());
  }
  if (failures.retry_after > Nanoseconds{}) text += ":retry_after=" + format_duration(failures.retry_after);
  return text;
}

}  // namespace

Key limit_key(std::string_view meaning) {
  return number_key({.name = "limit",
                     .meaning = meaning,
                     .example = "limit = 64",
                     .needed = "the most calls at once",
                     .phrase = "at most {} at once",
                     .elsewhere = {"concurrency", "max_concurrency", "parallelism"}},
                    &Scenario::limit, 1, million);
}

Key optional_limit_key(std::string_view meaning) {
  Key key = limit_key(meaning);
  key.needed = {};
  key.show = [show = key.show](const Case& c) {
    return c.scenario.limit == 0 ? nlohmann::ordered_json() : show(c);
  };
  return shown_in_name(std::move(key));
}

namespace {

template <class Member>
Key optional_duration(Key key, Member member) {
  key.values = "a duration";
  key.read = [member](const Node& node) -> std::vector<Change> {
    return {[member, value = read_duration(node)](Case& c) { member(c) = value; }};
  };
  key.show = [member](const Case& c) {
    const Nanoseconds value = member(c);
    return value == Nanoseconds{} ? nlohmann::ordered_json() : nlohmann::ordered_json(format_duration(value));
  };
  return shown_in_name(std::move(key));
}

}  // namespace

Key optional_duration_key(Key key, Nanoseconds Scenario::*member) {
  return optional_duration(
      std::move(key), [member](auto& c) -> auto& { return c.scenario.*member; });
}
Key optional_duration_key(Key key, Nanoseconds Case::*member) {
  return optional_duration(
      std::move(key), [member](auto& c) -> auto& { return c.*member; });
}

Key failures_key(std::string_view phrase) {
  return {.name = "failures",
          .meaning =
              "`rate` is the share of calls that fail, not of attempts; how is drawn from `kinds`, statuses "
              "400 … 599, `\"reset\"`, `\"reset_body\"`, `\"cut\"` (half of the body, then the end) and "
              "`\"garbage\"`; `attempts` (default 1): each of these calls fails on its first 1 … so many "
              "attempts and succeeds from then on; `retry_after` is sent with a 429 or 503",
          .example = "failures = { rate = 0.3, kinds = [503, \"reset\"] }",
          .otherwise = "{ rate = 0 }",
          .values = "a table: rate, attempts, kinds, retry_after",
          .phrase = phrase,
          .elsewhere = {"errors", "error_rate", "failure_rate"},
          .read = [](const Node& node) -> std::vector<Change> {
            return {[failures = read_failures(node)](Case& c) { c.plan.failures = failures; }};
          },
          .show = failures_json,
          .in_name = failures_text};
}

Key share_key(Key key, double Case::*member) {
  key.values = "a share 0 … 1";
  key.read = [member](const Node& node) -> std::vector<Change> {
    return {[member, share = read_rate(node)](Case& c) { c.*member = share; }};
  };
  key.show = [member](const Case& c) { return nlohmann::ordered_json(c.*member); };
  key.in_name = [member](const Case& c) { return fmt::format("{}", c.*member); };
  return key;
}

Key capacity_key(Key key, std::uint32_t Capacity::*member) {
  key.values = fmt::format("1 … {}", million);
  key.read = [member](const Node& node) -> std::vector<Change> {
    return {[member, value = read_number<std::uint32_t>(node, 1, million)](Case& c) {
      c.plan.capacity.*member = value;
    }};
  };
  key.show = [member](const Case& c) { return nlohmann::ordered_json(c.plan.capacity.*member); };
  return shown_in_name(std::move(key));
}

Key work_key(Key key) {
  key.values = "a duration";
  key.read = [](const Node& node) -> std::vector<Change> {
    return {[work = read_duration(node)](Case& c) { c.work = work; }};
  };
  key.show = [](const Case& c) { return nlohmann::ordered_json(format_duration(c.work)); };
  return shown_in_name(std::move(key));
}

Key cpu_per_call_key(std::string_view meaning) {
  return work_key({.name = "cpu_per_call",
                   .meaning = meaning,
                   .example = "cpu_per_call = \"10ms\"",
                   .needed = "the work of each call, a duration",
                   .phrase = "{} of work each"});
}

Key placement_key() {
  return word_key({.name = "placement",
                   .meaning = "work where the reply came in, or in a pool of the client's CPUs",
                   .example = "placement = [\"inline\", \"offload\"]",
                   .otherwise = "\"inline\"",
                   .phrase = "{}",
                   .phrases = {{"inline", "work inline"}, {"offload", "work offloaded"}}},
                  {"inline", "offload"}, &Scenario::placement);
}

}  // namespace fanbench
