// What of a case is of all calls together, and what of each.
#include "bench/ranks/deal.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bench/specification/specification.hpp"

namespace fanbench::ranks {
namespace {

std::uint32_t together(const Case& c) {
  const auto& dealing = specification_of(c.workload).dealing;
  return dealing.together ? std::max(1U, dealing.together(c)) : 1;  // of no calls there are no chains
}

/// Workers make a call at a time; event loops are each rank's own.
bool shares_workers(const Case& c) {
  const ModelEntry& model = model_of(c.model);
  return c.workers_chosen && model.has_workers && !model.has_loops;
}

struct SharedNumber {
  std::string_view key;
  std::uint32_t* number;
};

/// All numbers of the case that are shared out, and of which no part may have none.
std::vector<SharedNumber> shared_numbers(Case& c) {
  std::vector<SharedNumber> numbers;
  for (const auto& [key, number] : specification_of(c.workload).dealing.shared)
    numbers.push_back({key, &(c.scenario.*number)});
  numbers.push_back({"slots", &c.plan.capacity.slots});
  if (c.plan.capacity.per_second > 0) {
    numbers.push_back({"per_second", &c.plan.capacity.per_second});
    numbers.push_back({"burst", &c.plan.capacity.burst});
  }
  if (shares_workers(c)) numbers.push_back({"workers", &c.workers});
  std::erase_if(numbers, [](const SharedNumber& shared) { return *shared.number == 0; });
  return numbers;
}

}  // namespace

std::string why_not_dealt_out(const Case& c, std::uint32_t ranks) {
  const Dealing& dealing = specification_of(c.workload).dealing;
  std::string_view refused = dealing.refused;
  if (refused.empty() && dealing.refuses) refused = dealing.refuses(c);
  if (model_of(c.model).is_program) refused = "programs draw by ids that count from 0";
  if (!refused.empty()) return fmt::format("not dealt out to ranks: {}", refused);
  const auto too_few = [ranks](std::string_view of, std::uint32_t number) {
    return fmt::format("cannot be dealt out to {} ranks: {} is {}, expected at least as many as ranks", ranks,
                       of, number);
  };
  const std::uint32_t units = c.scenario.calls / together(c);
  if (units < ranks) return too_few(together(c) > 1 ? "the number of its chains of calls" : "calls", units);
  Case whole = c;
  for (const auto& [key, number] : shared_numbers(whole)) {
    if (*number < ranks) return too_few(key, *number);
  }
  return {};
}

Case part_of(const Case& whole, Part part) {
  Case c = whole;
  const std::uint32_t unit = together(whole), units = whole.scenario.calls / unit;
  c.scenario.first = c.plan.first = whole.scenario.first + part.before(units) * unit;
  c.scenario.calls = part.of(units) * unit;
  for (const auto& [key, number] : shared_numbers(c)) *number = part.of(*number);
  c.scenario.copies = part.of(whole.scenario.copies);
  return c;
}

}  // namespace fanbench::ranks
