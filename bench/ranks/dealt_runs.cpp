// What rank 0 says, in order, and what it makes of the answers.
#include "bench/ranks/dealt_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "bench/ranks/orders.hpp"
#include "bench/specification/checks.hpp"

namespace fanbench::ranks {
namespace {

template <Plain... Parts>
std::string message(Order order, const Parts&... parts) {
  Writer bytes;
  bytes.put(order);
  (bytes.put(parts), ...);
  return bytes.take();
}

/// A run that another rank cannot make.
struct CalledOff : std::exception {};

bool is(Answer kind, const std::string& answer) {
  return answer.size() == 1 && static_cast<Answer>(answer.front()) == kind;
}

/// Each part was verified by the rank that made it, against its own server. Here: that the parts are all of
/// the whole, by the whole's plan.
Mistake check_merged(const Case& c, const Run& run) {
  const auto records = run.outcome.records;
  if (records.size() != c.scenario.calls)
    return fmt::format("{} calls came back from the ranks, expected {}", records.size(), c.scenario.calls);
  for (CallId id = 0; id < records.size(); ++id) {
    const CallRecord& record = records[id];
    if (record.verdict == Verdict::none) return fmt::format("call {} was lost between the ranks", id);
    if (record.verdict != Verdict::ok || run.ledger.arrivals == 0) continue;
    bool is_planned = false;
    const AttemptRecord made{record.started, record.finished, record.answer, record.status, record.verdict};
    for (Attempt attempt = 0; attempt < record.attempts && !is_planned; ++attempt)
      is_planned = !check_attempt_reply(c, id, attempt, made);
    if (!is_planned) return fmt::format("call {} came back with the answer to another call", id);
  }
  std::vector<std::pair<CallId, Attempt>> seen;
  for (const LedgerCall& call : run.ledger.calls) seen.emplace_back(call.id, call.attempt);
  std::ranges::sort(seen);
  if (const auto twice = std::ranges::adjacent_find(seen); twice != seen.end())
    return fmt::format("call {} reached two servers", twice->first);
  if (!seen.empty() && seen.back().first >= c.scenario.calls)
    return fmt::format("call {} reached a server, but there are only {}", seen.back().first,
                       c.scenario.calls);
  if (c.scenario.kernel_steps > 0)
    return std::nullopt;  // how long work takes at least each host knows of its own
  const Nanoseconds least = specification_of(c.workload).least(c);
  if (run.outcome.makespan + run.together.clock_uncertainty >= least) return std::nullopt;
  return fmt::format("the ranks together took {}, less than the {} that the plan allows: impossible",
                     format_duration(run.outcome.makespan), format_duration(least));
}

std::string name_of(const Party& party, std::uint32_t rank) {
  return fmt::format("rank {} ({})", rank, party.hosts()[rank]);
}

}  // namespace

DealtRuns::DealtRuns(const Case& whole, Party& party, Maker maker, bool own_cores)
    : whole_(whole), party_(party), maker_(std::move(maker)), own_cores_(own_cores) {}

DealtRuns::~DealtRuns() {
  if (!told_) return;
  try {
    order(message(Order::leave));
  } catch (const Lost&) {  // whoever needs it will be told
  }
}

void DealtRuns::order(const std::string& message) {
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank) party_.send(rank, message);
  others_.assign(party_.size(), {});
}

void DealtRuns::hear(std::uint32_t rank) {
  Other& other = others_[rank];
  other.answer = party_.receive(rank);
  other.stage = is(Answer::ready, other.answer)   ? Stage::ready
                : is(Answer::ended, other.answer) ? Stage::ended
                                                  : Stage::answered;
}

/// Of all other ranks. Throws the first failure, that of this rank before theirs, with the rank's name.
std::vector<std::string> DealtRuns::answers(std::exception_ptr own) {
  std::vector<std::string> all(party_.size());
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank) {
    if (others_[rank].stage != Stage::answered) hear(rank);
    all[rank] = std::move(others_[rank].answer);
  }
  try {
    if (own) std::rethrow_exception(own);
  } catch (const std::exception& failure) {
    throw_failure(answer_of(failure), name_of(party_, 0));
  }
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank) throw_failure(all[rank], name_of(party_, rank));
  return all;
}

void DealtRuns::check() {
  if (const std::string why = why_not_dealt_out(whole_, party_.size()); !why.empty())
    throw NotApplicable(why);
  if (auto refusal = specification_of(whole_.workload).refuse(whole_)) throw WrongResult(*refusal);
  Writer bytes;
  bytes.put(Order::prepare);
  bytes.put(whole_.scenario.kernel_steps);
  const std::string print = fingerprint(whole_);
  bytes.put(std::span<const char>(print));
  told_ = true;
  order(bytes.take());
  std::exception_ptr failure;
  try {
    part_ = part_of(whole_, {.rank = 0, .ranks = party_.size()});
    own_ = maker_(part_);
    own_->shares_with(ranks_of_host(party_));
    own_->check();
    own_->start_when([this] { return agree(); });
    own_->end_when([this] { let_all_go_on(); });
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  answers(failure);
}

void DealtRuns::make_model() {
  order(message(Order::make_model));
  std::exception_ptr failure;
  try {
    own_->make_model();
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  answers(failure);
}

std::uint64_t DealtRuns::pss_bytes() {
  order(message(Order::tell_memory));
  std::uint64_t sum = 0;
  std::exception_ptr failure;
  try {
    sum = own_->pss_bytes();
  } catch (const std::exception&) {
    failure = std::current_exception();
  }
  const auto all = answers(failure);
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank)
    sum += Reader(std::string_view(all[rank]).substr(1)).get<std::uint64_t>();
  return sum;
}

Run DealtRuns::run(std::uint32_t k, Watch watch) {
  for (std::uint32_t missed = 0; missed < most_starts; ++missed, ahead_ = std::min(2 * ahead_, most_ahead)) {
    if (!try_run(k, watch)) continue;
    std::vector<CallId> firsts;
    for (std::uint32_t rank = 0; rank < party_.size(); ++rank)
      firsts.push_back(part_of(whole_, {.rank = rank, .ranks = party_.size()}).scenario.first);
    Run run = merge(parts_, firsts, clocks_, agreed_, merged_);
    run.together.starts_missed = missed;
    run.together.busiest_server_cpu = busiest_server_cpu();
    if (auto mistake = check_merged(case_of_run(whole_, k), run)) throw WrongResult(*mistake);
    return run;
  }
  throw WrongResult(
      fmt::format("a rank was not ready {} after all had agreed to begin then, {} times in a row: its host, "
                  "or the network to it, is too busy to be measured",
                  format_duration(ahead_), most_starts));
}

/// Servers of one host are on CPUs of their own where each rank has some; else they share them.
Nanoseconds DealtRuns::busiest_server_cpu() const {
  std::map<std::string, Nanoseconds> sums;
  Nanoseconds most{};
  for (std::uint32_t rank = 0; rank < party_.size(); ++rank) {
    const auto cpu = parts_[rank].run.costs.server_cpu;
    if (!cpu) continue;
    const auto at =
        sums.try_emplace(party_.hosts()[rank] + (own_cores_ ? fmt::format(" {}", rank) : "")).first;
    most = std::max(most, at->second += *cpu);
  }
  return most;
}

/// Whether all came in time.
bool DealtRuns::try_run(std::uint32_t k, Watch watch) {
  gone_on_ = false;
  order(message(Order::run, RunOrder{.k = k, .usage = watch.usage, .counters = watch.counters != nullptr}));
  std::optional<Run> own;
  std::exception_ptr failure;
  try {
    own = own_->run(k, watch);
  } catch (const Lost&) {
    throw;
  } catch (const CalledOff&) {
    call_off();
  } catch (const std::exception&) {
    failure = std::current_exception();
    call_off();
  }
  const auto all = answers(failure);
  if (!own) throw WrongResult("a run was called off, and nobody says why");
  const auto after = party_.clocks();
  for (std::uint32_t rank = 0; rank < party_.size(); ++rank) {
    // What a clock has drifted meanwhile is not known at any one moment.
    const Nanoseconds drift = std::chrono::abs(after[rank].offset - clocks_[rank].offset);
    clocks_[rank].uncertainty = std::max(clocks_[rank].uncertainty, after[rank].uncertainty) + drift;
  }
  parts_.resize(party_.size());
  parts_[0] = {.run = *own,
               .records = {own->outcome.records.begin(), own->outcome.records.end()},
               .attempts = {own->outcome.attempts.begin(), own->outcome.attempts.end()}};
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank)
    parts_[rank] = read_run(std::string_view(all[rank]).substr(1));
  return std::ranges::none_of(parts_, [](const RunOfRank& part) { return part.run.missed_start; });
}

/// When all are ready: sets a start, and says it to each on its own clock.
DealtRuns::Clock::time_point DealtRuns::agree() {
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank) hear(rank);
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank) {
    if (others_[rank].stage == Stage::answered) throw CalledOff();
  }
  clocks_ = party_.clocks();
  agreed_ = Clock::now() + ahead_;
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank) {
    party_.send(rank, message(Order::begin_at, agreed_ + clocks_[rank].offset));
    others_[rank].stage = Stage::told;
  }
  return agreed_;
}

/// What a rank does after its part would be in the others' time: nobody does it before all have ended.
void DealtRuns::let_all_go_on() {
  gone_on_ = true;
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank) {
    if (others_[rank].stage == Stage::told) hear(rank);
  }
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank) {
    if (others_[rank].stage != Stage::ended) continue;
    party_.send(rank, message(Order::go_on));
    others_[rank].stage = Stage::told;
  }
}

/// This rank's part has failed: nobody waits any longer for a run that will not be.
void DealtRuns::call_off() {
  for (std::uint32_t rank = 1; rank < party_.size(); ++rank) {
    if (others_[rank].stage == Stage::begun) hear(rank);
    if (others_[rank].stage != Stage::ready) continue;
    party_.send(rank, message(Order::call_off));
    others_[rank].stage = Stage::called_off;
  }
  if (!gone_on_) let_all_go_on();
}

}  // namespace fanbench::ranks
