// Reads suites: each [[scenario]] becomes the cartesian product of the values that its keys list.
#include "bench/suite/suite.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <sstream>
#include <system_error>
#include <tuple>
#include <utility>

#include "bench/machine/resources.hpp"
#include "bench/workloads/specification.hpp"

namespace fanbench {
namespace {

using Line = std::uint32_t;

Line line_of(const toml::node& node) { return node.source().begin.line; }

std::string quote(std::string_view text) { return nlohmann::json(text).dump(); }

std::string shown(const toml::node& node) {
  if (const auto* array = node.as_array()) return array->empty() ? "[]" : "a list";
  if (node.is_table()) return "a table";
  if (const auto* text = node.as_string()) return quote(text->get());
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* truth = node.as_boolean()) return fmt::format("{}", truth->get());
  return "a date or time";
}

/// What readers know beside the node in hand.
struct Source {
  std::string file;
  const KnownNames& known;

  [[noreturn]] void fail(Line line, std::string_view key, std::string_view what) const {
    throw SuiteError(fmt::format("{}:{}: {}: {}", file, line, key, what));
  }
  [[noreturn]] void fail(const toml::node& node, std::string_view key, std::string_view expected) const {
    fail(line_of(node), key, fmt::format("expected {}, got {}", expected, shown(node)));
  }
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

void refuse_unknown(const Source& source, const toml::table& table, std::string_view in,
                    std::span<const std::string_view> known) {
  for (const auto& [key, node] : table) {
    const std::string_view came = key.str();
    if (std::ranges::find(known, came) != known.end()) continue;
    const auto nearest = std::ranges::min(
        known, {}, [came](std::string_view candidate) { return edit_distance(candidate, came); });
    source.fail(key.source().begin.line, fmt::format("{}{}", in, came),
                fmt::format("expected a known key (did you mean {}?), got {}", nearest, quote(came)));
  }
}

// Readers of one value: (source, key, node) -> value, or SuiteError.

template <typename T>
auto whole_number(T min, T max) {
  return [=](const Source& source, std::string_view key, const toml::node& node) {
    const auto* number = node.as_integer();
    if (!number || !std::in_range<T>(number->get()) || static_cast<T>(number->get()) < min ||
        static_cast<T>(number->get()) > max)
      source.fail(node, key, fmt::format("a whole number {} … {}", min, max));
    return static_cast<T>(number->get());
  };
}

bool read_bool(const Source& source, std::string_view key, const toml::node& node) {
  const auto* truth = node.as_boolean();
  if (!truth) source.fail(node, key, "true or false");
  return truth->get();
}

/// Reads text by a parser of plan.hpp.
template <typename Parse>
auto parsed(Parse parse, std::string_view expected) {
  return [=](const Source& source, std::string_view key, const toml::node& node) {
    const auto* text = node.as_string();
    if (!text) source.fail(node, key, expected);
    try {
      return parse(text->get());
    } catch (const PlanError& error) {
      source.fail(line_of(node), key, error.what());
    }
  };
}
constexpr std::string_view a_delay =
    R"(a delay such as "200ms" or "uniform:min=10ms,max=50ms", or "file:latencies.txt")";
constexpr std::string_view a_duration = R"(a duration such as "200ms" or "1.5s")";

/// The whole of a file; nothing, with errno set, where it can't be read.
std::optional<std::string> text_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  // A folder opens, and fails only when it is read.
  if (in && (text << in.rdbuf(), !in.bad()) && !std::filesystem::is_directory(file)) return text.str();
  if (errno == 0) errno = EISDIR;
  return std::nullopt;
}

struct Latency {
  Delay delay;
  std::string file;  // where it was read from, if it was
};

/// A delay, or "file:" and the name of a file of measured ones, relative to the suite's.
Latency read_latency(const Source& source, std::string_view key, const toml::node& node) {
  constexpr std::string_view prefix = "file:";
  const auto* text = node.as_string();
  if (!text || !text->get().starts_with(prefix))
    return {.delay = parsed(parse_delay, a_delay)(source, key, node), .file = {}};
  const auto file = std::filesystem::path(source.file).parent_path() / text->get().substr(prefix.size());
  errno = 0;
  const auto lines = text_of(file);
  if (!lines) {
    source.fail(line_of(node), key,
                fmt::format("expected a file with a duration, or a p99=200ms, on each line, got {}: {}",
                            file.string(), std::generic_category().message(errno)));
  }
  try {
    return {.delay = parse_delay_lines(*lines), .file = file.filename()};
  } catch (const PlanError& error) {
    source.fail(line_of(node), key, fmt::format("{}: {}", file.string(), error.what()));
  }
}

/// One of a few words, each with its value.
template <typename T>
auto word(std::vector<std::pair<std::string_view, T>> words) {
  return [words = std::move(words)](const Source& source, std::string_view key, const toml::node& node) {
    const auto* text = node.as_string();
    const auto found =
        std::ranges::find_if(words, [&](const auto& entry) { return text && entry.first == text->get(); });
    if (found != words.end()) return found->second;
    std::string expected;
    for (const auto& [name, value] : words) expected += (expected.empty() ? "" : ", ") + quote(name);
    source.fail(node, key, "one of " + expected);
  };
}
template <typename T>
auto word(std::span<const std::string_view> names) {
  std::vector<std::pair<std::string_view, T>> words;
  for (const auto name : names) words.emplace_back(name, T(name));
  return word(std::move(words));
}

// The faults by which a call fails at once. Those that take their time would make another ideal.
constexpr std::array<std::pair<std::string_view, std::uint16_t>, 4> faults = {
    {{"reset", Failures::reset},
     {"reset_body", Failures::reset_body},
     {"cut", Failures::cut},
     {"garbage", Failures::garbage}}};

std::uint16_t read_kind(const Source& source, std::string_view key, const toml::node& node) {
  if (const auto* text = node.as_string()) {
    const auto* fault =
        std::ranges::find(faults, text->get(), &std::pair<std::string_view, std::uint16_t>::first);
    if (fault != faults.end()) return fault->second;
  }
  const auto* status = node.as_integer();
  if (!status || status->get() < 400 || status->get() > 599)
    source.fail(node, key, R"(a status 400 … 599, "reset", "reset_body", "cut" or "garbage")");
  return static_cast<std::uint16_t>(status->get());
}

double read_rate(const Source& source, std::string_view key, const toml::node& node) {
  const auto rate = node.is_number() ? node.value<double>() : std::nullopt;
  if (!rate || !(*rate >= 0 && *rate <= 1)) source.fail(node, key, "a share 0 … 1");
  return *rate;
}

/// What a key was given: its values, and the line for errors. Line 0: the key was not given.
template <typename T>
struct Given {
  std::vector<T> values;
  Line line = 0;
};

template <typename T, typename Read>
Given<T> read_one(const Source& source, std::string_view key, const toml::node& node, const Read& read) {
  return {.values = {read(source, key, node)}, .line = line_of(node)};
}

template <typename T, typename Read>
Given<T> read_list(const Source& source, std::string_view key, const toml::node& node, const Read& read) {
  const auto* array = node.as_array();
  if (!array) return read_one<T>(source, key, node, read);
  if (array->empty()) source.fail(node, key, "at least one value");
  Given<T> given{.values = {}, .line = line_of(node)};
  for (const toml::node& element : *array) given.values.push_back(read(source, key, element));
  return given;
}

Failures read_failures(const Source& source, std::string_view key, const toml::node& node) {
  constexpr std::array<std::string_view, 4> keys{"rate", "attempts", "kinds", "retry_after"};
  const auto* table = node.as_table();
  if (!table)
    source.fail(node, key, "a table such as { rate = 0.3, attempts = 2, kinds = [503, \"reset\"] }");
  refuse_unknown(source, *table, "failures.", keys);
  Failures failures;
  if (const auto* rate = table->get("rate")) {
    failures.rate = read_rate(source, "failures.rate", *rate);
  } else {
    source.fail(line_of(node), "failures.rate", "expected the share of the calls that fail, got nothing");
  }
  if (const auto* attempts = table->get("attempts"))
    failures.attempts = whole_number<Attempt>(1, 1000)(source, "failures.attempts", *attempts);
  if (const auto* kinds = table->get("kinds"))
    failures.kinds = read_list<std::uint16_t>(source, "failures.kinds", *kinds, read_kind).values;
  if (const auto* wait = table->get("retry_after"))
    failures.retry_after = parsed(parse_duration, a_duration)(source, "failures.retry_after", *wait);
  return failures;
}

/// The keys of [defaults] or of one [[scenario]].
struct Keys {
  Given<std::string> workload, models;
  Given<std::string> transports;
  Given<std::uint32_t> calls;
  Given<Latency> latency;
  Given<bool> start;
  Given<Connection> connection;
  Given<std::uint32_t> workers;
  Given<std::uint32_t> limit, attempts, producers, consumers, capacity, pages, prefetch;
  Given<Nanoseconds> backoff, deadline, consume, cpu_per_call;
  Given<Failures> failures;
  Given<Scope> scope;
  Given<Order> order;
  Given<Mode> mode;
  Given<Placement> placement;
  Given<std::size_t> body_bytes;
  Given<std::uint64_t> seed;
  Given<std::uint32_t> iterations;
  Given<bool> timeline;
};

/// Names, which may be the word "all".
template <typename T, typename Read>
Given<T> read_names(const Source& source, std::string_view key, const toml::node& node, const Read& read,
                    std::vector<T> all) {
  if (const auto* text = node.as_string(); text && text->get() == "all")
    return {.values = std::move(all), .line = line_of(node)};
  return read_list<T>(source, key, node, read);
}

const std::vector<std::pair<std::string_view, Scope>> scope_words = {{"call", Scope::call},
                                                                     {"group", Scope::group}};
const std::vector<std::pair<std::string_view, Order>> order_words = {
    {"fifo", Order::fifo}, {"lifo", Order::lifo}, {"priority", Order::priority}};
const std::vector<std::pair<std::string_view, Mode>> mode_words = {{"barrier", Mode::barrier},
                                                                   {"streamed", Mode::streamed}};
const std::vector<std::pair<std::string_view, Placement>> placement_words = {{"inline", Placement::in_line},
                                                                             {"offload", Placement::offload}};
constexpr std::uint32_t million = 1'000'000;

/// A key that only some workloads have.
struct OwnKey {
  std::string_view name;
  std::vector<std::string_view> workloads;
  std::string_view needed = {};  // what it is, where it has no default
};
const std::array<OwnKey, 16> own_keys = {{
    {"limit", {"semaphore", "worker_pool"}, "the most calls at once"},
    {"attempts", {"retry"}},
    {"backoff", {"retry"}},
    {"failures", {"all_settled", "task_group", "retry"}},
    {"deadline", {"timeout"}, "a duration"},
    {"scope", {"timeout"}},
    {"producers", {"producer_consumer"}},
    {"consumers", {"producer_consumer"}, "the number of consumers"},
    {"capacity", {"producer_consumer"}, "the most items in the queue"},
    {"order", {"producer_consumer"}},
    {"mode", {"pipeline"}},
    {"pages", {"paginate"}, "the pages of each stream"},
    {"prefetch", {"paginate"}},
    {"consume", {"paginate"}},
    {"cpu_per_call", {"mixed", "cpu"}, "the work of each call, a duration"},
    {"placement", {"mixed"}},
}};

bool has(std::string_view workload, std::string_view key) {
  const auto& workloads = std::ranges::find(own_keys, key, &OwnKey::name)->workloads;
  return std::ranges::find(workloads, workload) != workloads.end();
}

Keys read_keys(const Source& source, const toml::table& table) {
  std::vector<std::string_view> names = {"workload",   "models", "transports", "calls",
                                         "latency",    "start",  "connection", "workers",
                                         "body_bytes", "seed",   "iterations", "timeline"};
  for (const OwnKey& key : own_keys) names.push_back(key.name);
  refuse_unknown(source, table, "", names);

  Keys keys;
  const auto list = [&](auto& given, std::string_view key, const auto& read) {
    using T = typename std::remove_reference_t<decltype(given.values)>::value_type;
    if (const auto* node = table.get(key)) given = read_list<T>(source, key, *node, read);
  };
  const auto one = [&](auto& given, std::string_view key, const auto& read) {
    using T = typename std::remove_reference_t<decltype(given.values)>::value_type;
    if (const auto* node = table.get(key)) given = read_one<T>(source, key, *node, read);
  };
  const auto names_of = [&](auto& given, std::string_view key, const auto& read, auto all) {
    if (const auto* node = table.get(key)) given = read_names(source, key, *node, read, std::move(all));
  };
  list(keys.workload, "workload", word<std::string>(source.known.workloads));
  names_of(keys.models, "models", word<std::string>(source.known.models),
           std::vector<std::string>(source.known.models.begin(), source.known.models.end()));
  names_of(keys.transports, "transports", word<std::string>(source.known.transports),
           std::vector<std::string>(source.known.transports.begin(), source.known.transports.end()));
  list(keys.calls, "calls", whole_number<std::uint32_t>(1, million));
  list(keys.latency, "latency", read_latency);
  list(keys.start, "start", word<bool>({{"warm", false}, {"cold", true}}));
  list(keys.connection, "connection",
       word<Connection>({{"reuse", Connection::reuse}, {"per_call", Connection::per_call}}));
  list(keys.workers, "workers", whole_number<std::uint32_t>(0, million));
  list(keys.limit, "limit", whole_number<std::uint32_t>(1, million));
  list(keys.attempts, "attempts",
       whole_number<std::uint32_t>(1, 20));  // b·2^19 still fits, however large b is
  list(keys.backoff, "backoff", parsed(parse_duration, a_duration));
  list(keys.failures, "failures", read_failures);
  list(keys.deadline, "deadline", parsed(parse_duration, a_duration));
  list(keys.scope, "scope", word(scope_words));
  list(keys.producers, "producers", whole_number<std::uint32_t>(1, 10'000));
  list(keys.consumers, "consumers", whole_number<std::uint32_t>(1, million));
  list(keys.capacity, "capacity", whole_number<std::uint32_t>(1, million));
  list(keys.order, "order", word(order_words));
  list(keys.mode, "mode", word(mode_words));
  list(keys.pages, "pages", whole_number<std::uint32_t>(1, million));
  list(keys.prefetch, "prefetch", whole_number<std::uint32_t>(0, 1));
  list(keys.consume, "consume", parsed(parse_duration, a_duration));
  list(keys.cpu_per_call, "cpu_per_call", parsed(parse_duration, a_duration));
  list(keys.placement, "placement", word(placement_words));
  list(keys.body_bytes, "body_bytes", whole_number<std::size_t>(min_body_bytes, max_body_bytes));
  list(keys.seed, "seed", whole_number<std::uint64_t>(0, std::numeric_limits<std::int64_t>::max()));
  one(keys.iterations, "iterations", whole_number<std::uint32_t>(1, 10'000));
  one(keys.timeline, "timeline", read_bool);
  return keys;
}

const ModelEntry& entry_of(std::string_view model) {
  return *std::ranges::find(models(), model, &ModelEntry::name);
}
bool has_workers(std::string_view model) { return entry_of(model).has_workers; }
/// As many as can be of use: one for each call that may be open at once, or for each CPU where none is.
std::uint32_t workers_of_use(const Case& c) {
  const std::uint32_t in_flight = specification_of(c.workload).in_flight(c);
  return in_flight != 0 ? in_flight : std::clamp(c.scenario.cpus, 1U, c.scenario.calls);
}

/// A key that only some workloads have must not be given in a scenario of another. In [defaults] it may:
/// there it is for those that have it.
void refuse_misplaced(const Source& source, const toml::table& table, const Keys& own,
                      const std::vector<std::string>& workloads, const std::vector<std::string>& models) {
  for (const OwnKey& key : own_keys) {
    const auto* node = table.get(key.name);
    const auto other =
        std::ranges::find_if(workloads, [&key](const auto& name) { return !has(name, key.name); });
    if (node && other != workloads.end()) {
      source.fail(line_of(*node), key.name,
                  fmt::format("expected only for {}, got it for {}", fmt::join(key.workloads, ", "), *other));
    }
  }
  const auto other = std::ranges::find_if(models, [](const auto& name) { return !has_workers(name); });
  if (own.workers.line != 0 && other != models.end()) {
    source.fail(
        own.workers.line, "workers",
        fmt::format("expected only for thread_pool and processes, got it for {} too: put the models with "
                    "workers in a scenario of their own",
                    *other));
  }
}

/// Makes the cases of one scenario.
class Expansion {
 public:
  Expansion(const Source& source, Line line, const Keys& own, const Keys& defaults)
      : source_(source), line_(line), own_(own), defaults_(defaults) {}

  /// Each case becomes one case per value: the scenario's, else those of [defaults], else `fallback`.
  template <typename T, typename Set>
  void spread(Given<T> Keys::*key, const std::vector<T>& fallback, const Set& set) {
    spread_if([](const Case&) { return true; }, values_of(key, fallback), set);
  }
  /// The same for a key that only some workloads have, whose cases alone it changes.
  template <typename T, typename Set>
  void spread_own(std::string_view name, Given<T> Keys::*key, const std::vector<T>& fallback,
                  const Set& set) {
    const auto owns = [name](const Case& c) { return has(c.workload, name); };
    const std::vector<T>& values = values_of(key, fallback);
    if (const auto first = std::ranges::find_if(cases_, owns); values.empty() && first != cases_.end()) {
      source_.fail(line_, name,
                   fmt::format("expected {}, which {} needs, got nothing",
                               std::ranges::find(own_keys, name, &OwnKey::name)->needed, first->workload));
    }
    spread_if(owns, values, set);
  }
  template <typename T, typename Applies, typename Set>
  void spread_if(const Applies& applies, const std::vector<T>& values, const Set& set) {
    std::vector<Case> spread_cases;
    for (const Case& c : cases_) {
      if (!applies(c)) {
        spread_cases.push_back(c);
        continue;
      }
      for (const T& value : values) set(spread_cases.emplace_back(c), value);
      if (spread_cases.size() > max_cases)
        source_.fail(line_, "scenario", fmt::format("expected at most {} cases, got more", max_cases));
    }
    cases_ = std::move(spread_cases);
  }

  template <typename T>
  const std::vector<T>& values_of(Given<T> Keys::*key, const std::vector<T>& fallback) const {
    if (!(own_.*key).values.empty()) return (own_.*key).values;
    return (defaults_.*key).values.empty() ? fallback : (defaults_.*key).values;
  }

  std::vector<Case> cases() && { return std::move(cases_); }

 private:
  const Source& source_;
  Line line_;
  const Keys& own_;
  const Keys& defaults_;
  std::vector<Case> cases_ = {Case{}};
};

/// The keys that only some workloads have.
void expand_own(Expansion& expansion) {
  const auto scenario = [&expansion](std::string_view name, auto key, const auto& fallback, auto member) {
    expansion.spread_own(name, key, fallback, [member](Case& c, auto v) { c.scenario.*member = v; });
  };
  using Numbers = std::vector<std::uint32_t>;
  using Durations = std::vector<Nanoseconds>;
  scenario("limit", &Keys::limit, Numbers{}, &Scenario::limit);
  scenario("attempts", &Keys::attempts, Numbers{3}, &Scenario::attempts);
  scenario("backoff", &Keys::backoff, Durations{std::chrono::milliseconds(10)}, &Scenario::backoff);
  expansion.spread_own("failures", &Keys::failures, {Failures{}},
                       [](Case& c, const Failures& v) { c.plan.failures = v; });
  scenario("deadline", &Keys::deadline, Durations{}, &Scenario::deadline);
  scenario("scope", &Keys::scope, std::vector{Scope::call}, &Scenario::scope);
  scenario("producers", &Keys::producers, Numbers{1}, &Scenario::producers);
  scenario("consumers", &Keys::consumers, Numbers{}, &Scenario::consumers);
  scenario("capacity", &Keys::capacity, Numbers{}, &Scenario::capacity);
  scenario("order", &Keys::order, std::vector{Order::fifo}, &Scenario::order);
  scenario("mode", &Keys::mode, std::vector{Mode::streamed}, &Scenario::mode);
  scenario("pages", &Keys::pages, Numbers{}, &Scenario::pages);
  scenario("prefetch", &Keys::prefetch, Numbers{0}, &Scenario::prefetch);
  scenario("consume", &Keys::consume, Durations{Nanoseconds{}}, &Scenario::consume);
  expansion.spread_own("cpu_per_call", &Keys::cpu_per_call, {},
                       [cpus = static_cast<std::uint32_t>(share_cpus().client.size())](Case& c, Nanoseconds v) {
                         c.cpu_per_call = v;
                         c.scenario.cpus = cpus;
                       });
  scenario("placement", &Keys::placement, std::vector{Placement::in_line}, &Scenario::placement);
}

std::vector<Case> expand(const Source& source, const toml::table& table, const Keys& defaults) {
  const Line line = line_of(table);
  const Keys own = read_keys(source, table);
  Expansion expansion(source, line, own, defaults);

  const std::vector<std::string> all_models(source.known.models.begin(), source.known.models.end());
  const std::vector<std::string> all_transports(source.known.transports.begin(), source.known.transports.end());
  const auto workloads = expansion.values_of(&Keys::workload, {});
  const auto models = expansion.values_of(&Keys::models, all_models);
  if (workloads.empty()) source.fail(line, "workload", "expected the name of a workload, got nothing");
  refuse_misplaced(source, table, own, workloads, models);

  // The first varies slowest.
  expansion.spread(&Keys::workload, {}, [](Case& c, const auto& v) { c.workload = v; });
  expansion.spread(&Keys::models, all_models, [](Case& c, const auto& v) { c.model = v; });
  expansion.spread(&Keys::transports, all_transports, [](Case& c, const auto& v) { c.transport = v; });
  expansion.spread(&Keys::calls, {1}, [](Case& c, std::uint32_t v) { c.scenario.calls = v; });
  expansion.spread(&Keys::latency, {Latency{.delay = FixedDelay{std::chrono::milliseconds(200)}, .file = {}}},
                   [](Case& c, const Latency& v) {
                     c.plan.delay = v.delay;
                     c.latency_file = v.file;
                   });
  expansion.spread(&Keys::start, {false}, [](Case& c, bool v) { c.cold = v; });
  expand_own(expansion);
  expansion.spread_if([](const Case& c) { return has_workers(c.model); },
                      expansion.values_of(&Keys::workers, {0}),
                      [](Case& c, std::uint32_t v) {
                        c.workers = v != 0 ? v : workers_of_use(c);
                        c.workers_chosen = v != 0;
                      });
  expansion.spread(&Keys::connection, {Connection::reuse}, [](Case& c, Connection v) { c.connection = v; });
  expansion.spread(&Keys::body_bytes, {Plan{}.body_bytes},
                   [](Case& c, std::size_t v) { c.plan.body_bytes = v; });
  expansion.spread(&Keys::seed, {Plan{}.seed},
                   [](Case& c, std::uint64_t v) { c.plan.seed = c.scenario.seed = v; });
  expansion.spread(&Keys::iterations, {3}, [](Case& c, std::uint32_t v) { c.iterations = v; });
  expansion.spread(&Keys::timeline, {false}, [](Case& c, bool v) { c.timeline = v; });

  std::vector<Case> cases = std::move(expansion).cases();
  std::erase_if(cases, [](const Case& c) { return !entry_of(c.model).supports(c.workload, c.transport); });
  if (cases.empty()) {
    source.fail(
        line, "models",
        fmt::format("expected a model that has {}, got only {}, which has gather and semaphore over native",
                    fmt::join(workloads, ", "), fmt::join(models, ", ")));
  }
  for (Case& c : cases) {
    if (c.workload == "cpu") c.plan.delay = FixedDelay{}, c.latency_file.clear();  // it calls nobody
    if (has(c.workload, "pages")) c.plan.chain = c.scenario.pages;
    if (has(c.workload, "mode")) c.plan.chain = Scenario::stages;
    if (c.scenario.calls % c.plan.chain != 0) {
      source.fail(line, "calls",
                  fmt::format("expected a multiple of {} for {}, which has so many calls in a row, got {}",
                              c.plan.chain, c.workload, c.scenario.calls));
    }
  }
  return cases;
}

std::string read_description(const Source& source, const toml::table& root) {
  const auto* node = root.get("description");
  if (!node) source.fail(1, "description", "expected one line that says what the suite is for, got nothing");
  const auto* text = node->as_string();
  if (!text || text->get().empty() || text->get().find_first_of("\r\n") != std::string::npos)
    source.fail(*node, "description", "one line that says what the suite is for");
  return text->get();
}

Keys read_defaults(const Source& source, const toml::table& root) {
  const auto* node = root.get("defaults");
  if (!node) return {};
  const auto* table = node->as_table();
  if (!table) source.fail(*node, "defaults", "a table of scenario keys");
  return read_keys(source, *table);
}

std::vector<Case> read_scenarios(const Source& source, const toml::table& root, const Keys& defaults) {
  const auto* node = root.get("scenario");
  if (!node) source.fail(1, "scenario", "expected at least one [[scenario]], got none");
  const auto* scenarios = node->as_array();
  if (!scenarios || !scenarios->is_homogeneous<toml::table>())
    source.fail(*node, "scenario", "[[scenario]] tables");

  std::vector<Case> cases;
  struct Origin {
    std::size_t index;
    Line line;
  };
  std::map<std::string, Origin, std::less<>> origins;
  for (std::size_t i = 0; i < scenarios->size(); ++i) {
    const toml::table& table = *(*scenarios)[i].as_table();
    const Origin origin{.index = i + 1, .line = line_of(table)};
    for (Case& c : expand(source, table, defaults)) {
      c.name = case_name(c);
      if (const auto [first, is_new] = origins.emplace(c.name, origin); !is_new) {
        source.fail(
            origin.line, "scenario",
            fmt::format(
                "expected each case once, got {} from scenario {} (line {}) and scenario {} (line {})",
                c.name, first->second.index, first->second.line, origin.index, origin.line));
      }
      cases.push_back(std::move(c));
    }
    if (cases.size() > max_cases)
      source.fail(origin.line, "scenario", fmt::format("expected at most {} cases, got more", max_cases));
  }
  return cases;
}

nlohmann::ordered_json kind_json(std::uint16_t kind) {
  const auto* fault = std::ranges::find(faults, kind, &std::pair<std::string_view, std::uint16_t>::second);
  return fault != faults.end() ? nlohmann::ordered_json(fault->first) : nlohmann::ordered_json(kind);
}
std::string kind_text(std::uint16_t kind) {
  const auto json = kind_json(kind);
  return json.is_string() ? json.get<std::string>() : json.dump();
}

std::string failures_text(const Failures& failures) {
  std::string text = fmt::format("rate={}:attempts={}:kinds=", failures.rate, failures.attempts);
  for (std::size_t i = 0; i < failures.kinds.size(); ++i)
    text += (i == 0 ? "" : "-") + kind_text(failures.kinds[i]);
  if (failures.retry_after > Nanoseconds{}) text += ":retry_after=" + format_duration(failures.retry_after);
  return text;
}

nlohmann::ordered_json failures_json(const Failures& failures) {
  nlohmann::ordered_json kinds = nlohmann::ordered_json::array();
  for (const std::uint16_t kind : failures.kinds) kinds.push_back(kind_json(kind));
  return {{"rate", failures.rate},
          {"attempts", failures.attempts},
          {"kinds", std::move(kinds)},
          {"retry_after", format_duration(failures.retry_after)}};
}

std::string_view start_text(const Case& c) { return c.cold ? "cold" : "warm"; }

template <typename T>
std::string_view word_of(const std::vector<std::pair<std::string_view, T>>& words, T value) {
  return std::ranges::find(words, value, &std::pair<std::string_view, T>::second)->first;
}

/// The keys that only some workloads have, as this case has them.
nlohmann::ordered_json own_json(const Case& c) {
  const Scenario& s = c.scenario;
  nlohmann::ordered_json all = {{"limit", s.limit},
                                {"attempts", s.attempts},
                                {"backoff", format_duration(s.backoff)},
                                {"failures", failures_json(c.plan.failures)},
                                {"deadline", format_duration(s.deadline)},
                                {"scope", word_of(scope_words, s.scope)},
                                {"producers", s.producers},
                                {"consumers", s.consumers},
                                {"capacity", s.capacity},
                                {"order", word_of(order_words, s.order)},
                                {"mode", word_of(mode_words, s.mode)},
                                {"pages", s.pages},
                                {"prefetch", s.prefetch},
                                {"consume", format_duration(s.consume)},
                                {"cpu_per_call", format_duration(c.cpu_per_call)},
                                {"placement", word_of(placement_words, s.placement)}};
  nlohmann::ordered_json own = nlohmann::ordered_json::object();
  for (const auto& [key, value] : all.items()) {
    if (has(c.workload, key) && (key != "failures" || c.plan.failures.rate > 0)) own[key] = value;
  }
  return own;
}

}  // namespace

nlohmann::ordered_json parameters_json(const Case& c) {
  nlohmann::ordered_json parameters = {{"calls", c.scenario.calls},
                                       {"latency", format_delay(c.plan.delay)},
                                       {"start", start_text(c)},
                                       {"connection", to_string(c.connection)}};
  parameters.update(own_json(c));
  if (has_workers(c.model)) parameters["workers"] = c.workers;
  parameters["body_bytes"] = c.plan.body_bytes;
  parameters["seed"] = c.plan.seed;
  parameters["iterations"] = c.iterations;
  return parameters;
}

std::string_view to_string(Connection connection) noexcept {
  return connection == Connection::reuse ? "reuse" : "per_call";
}

std::string case_name(const Case& c) {
  std::string name = fmt::format(
      "{}/{}/{}/calls:{}/latency:{}/start:{}", c.workload, c.model, c.transport, c.scenario.calls,
      c.latency_file.empty() ? format_delay(c.plan.delay) : "file:" + c.latency_file, start_text(c));
  const auto own = own_json(c);
  for (const auto& [key, value] : own.items()) {
    if (key == "failures") {
      name += "/failures:" + failures_text(c.plan.failures);
    } else {
      name += fmt::format("/{}:{}", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  if (c.workers_chosen) name += fmt::format("/workers:{}", c.workers);
  if (c.connection != Connection::reuse) name += fmt::format("/connection:{}", to_string(c.connection));
  if (c.plan.body_bytes != Plan{}.body_bytes) name += fmt::format("/body_bytes:{}", c.plan.body_bytes);
  if (c.plan.seed != Plan{}.seed) name += fmt::format("/seed:{}", c.plan.seed);
  return name;
}

Suite parse_suite(std::string_view text, const std::filesystem::path& file, const KnownNames& known) {
  const Source source{.file = file.string(), .known = known};
  toml::table root;
  try {
    root = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw SuiteError(fmt::format("{}:{}: expected TOML, got: {}", source.file, error.source().begin.line,
                                 error.description()));
  }
  constexpr std::array<std::string_view, 4> keys{"description", "rounds", "defaults", "scenario"};
  refuse_unknown(source, root, "", keys);

  Suite suite{
      .name = file.stem().string(), .description = read_description(source, root), .rounds = 1, .cases = {}};
  if (const auto* rounds = root.get("rounds"))
    suite.rounds = whole_number<std::uint32_t>(1, 1000)(source, "rounds", *rounds);
  suite.cases = read_scenarios(source, root, read_defaults(source, root));
  return suite;
}

Suite read_suite(const std::filesystem::path& file, const KnownNames& known) {
  errno = 0;
  const auto text = text_of(file);
  if (!text) {
    throw SuiteError(fmt::format("{}: expected a suite in TOML, got: {}", file.string(),
                                 std::generic_category().message(errno)));
  }
  return parse_suite(*text, file, known);
}

nlohmann::ordered_json to_json(const Suite& suite) {
  nlohmann::ordered_json cases = nlohmann::ordered_json::array();
  for (const Case& c : suite.cases) {
    cases.push_back({{"name", c.name},
                     {"workload", c.workload},
                     {"model", c.model},
                     {"transport", c.transport},
                     {"parameters", parameters_json(c)},
                     {"timeline", c.timeline}});
  }
  return {{"suite", suite.name},
          {"description", suite.description},
          {"rounds", suite.rounds},
          {"cases", std::move(cases)}};
}

}  // namespace fanbench
