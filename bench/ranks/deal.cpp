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

/// All numbers of the case that are shared out, and of which no part may have none.
std::vector<std::uint32_t*> shared_numbers(Case& c) {
  std::vector<std::uint32_t*> numbers;
  for (const auto member : specification_of(c.workload).dealing.shared)
    numbers.push_back(&(c.scenario.*member));
  numbers.push_back(&c.plan.capacity.slots);
  if (c.plan.capacity.per_second > 0) {
    numbers.push_back(&c.plan.capacity.per_second);
    numbers.push_back(&c.plan.capacity.burst);
  }
  if (shares_workers(c)) numbers.push_back(&c.workers);
  std::erase_if(numbers, [](const std::uint32_t* number) { return *number == 0; });
  return numbers;
}

}  // namespace

std::string why_not_dealt_out(const Case& c, std::uint32_t ranks) {
  if (const std::string_view refused = specification_of(c.workload).dealing.refused; !refused.empty())
    return fmt::format("not dealt out to ranks: {}", refused);
  if (model_of(c.model).is_program) return "not dealt out to ranks: programs draw by ids that count from 0";
  Case whole = c;
  std::uint32_t least = c.scenario.calls / together(c);
  for (const std::uint32_t* number : shared_numbers(whole)) least = std::min(least, *number);
  if (least >= ranks) return {};
  return fmt::format(
      "cannot be dealt out to {} ranks: there are {} calls, chains of calls, permits or workers to be shared "
      "out",
      ranks, least);
}

Case part_of(const Case& whole, Part part) {
  Case c = whole;
  const std::uint32_t unit = together(whole), units = whole.scenario.calls / unit;
  c.scenario.first = c.plan.first = whole.scenario.first + part.before(units) * unit;
  c.scenario.calls = part.of(units) * unit;
  for (std::uint32_t* number : shared_numbers(c)) *number = part.of(*number);
  c.scenario.copies = part.of(whole.scenario.copies);
  return c;
}

}  // namespace fanbench::ranks
