// The small case that each workload brings along, in the sizes that tests need.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "bench/machine/cpus.hpp"
#include "bench/specification/specification.hpp"
#include "bench/suite/suite.hpp"

namespace fanbench {

/// The next seed by which the case's outcome can be known beforehand, this one included; and what follows
/// from the case's size and the machine.
inline Case settled(Case c) {
  while (specification_of(c.workload).refuse(c)) ++c.plan.seed;
  resolve(c, static_cast<std::uint32_t>(allowed_cpus().size()));
  return c;
}

/// The workload's example in this model; of so many calls, or chains of calls.
inline Case small_case(std::string_view workload, std::string_view model, std::string_view transport,
                       std::uint32_t size) {
  const std::string text = fmt::format(
      "description = \"A small case\"\n[[scenario]]\nworkload = \"{}\"\nmodels = \"{}\"\ntransports = "
      "\"{}\"\n"
      "iterations = 1\nseed = 3\n{}",
      workload, model, transport, specification_of(workload).example);
  Case c = parse_suite(text, "small.toml").cases.at(0);
  c.scenario.calls = size * c.plan.chain;
  return settled(std::move(c));
}

}  // namespace fanbench
