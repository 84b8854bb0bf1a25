// The small case that each workload brings along, in the sizes that tests need.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "bench/machine/cpus.hpp"
#include "bench/specification/specification.hpp"
#include "bench/suite/suite.hpp"

namespace fanbench {

/// The next seed by which the case's outcome can be known beforehand, this one included; and what follows
/// from the case's size and the machine. Throws std::logic_error where no seed will do.
inline Case settled(Case c) {
  for (const auto last = c.plan.seed + 1000; const auto refusal = specification_of(c.workload).refuse(c);) {
    if (++c.plan.seed > last) throw std::logic_error(*refusal);
  }
  resolve(c, static_cast<std::uint32_t>(allowed_cpus().size()));
  return c;
}

/// The workload's example in this model; of so many calls, or chains of calls. What its outcome would be may
/// not be known beforehand.
inline Case example_of(std::string_view workload, std::string_view model, std::string_view transport,
                       std::uint32_t size) {
  const std::string text = fmt::format(
      "description = \"A small case\"\n[[scenario]]\nworkload = \"{}\"\nmodels = \"{}\"\ntransports = "
      "\"{}\"\n"
      "iterations = 1\nseed = 3\n{}",
      workload, model, transport, specification_of(workload).example);
  Case c = parse_suite(text, "small.toml").cases.at(0);
  if (specification_of(workload).terminates)  // calls come over the same time
    c.scenario.interval = c.scenario.interval * c.scenario.calls / size;
  c.scenario.calls = size * c.plan.chain;
  if (const auto settle = specification_of(workload).settle) settle(c);  // some by the number of calls
  return c;
}

/// The same with an outcome that is known.
inline Case small_case(std::string_view workload, std::string_view model, std::string_view transport,
                       std::uint32_t size) {
  return settled(example_of(workload, model, transport, size));
}

}  // namespace fanbench
