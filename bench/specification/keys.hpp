// Keys that several workloads have.
#pragma once

#include "bench/suite/key.hpp"

namespace fanbench {

/// Scenario::limit; each workload has its own words for what is limited.
Key limit_key(std::string_view meaning);
/// The same where there need not be one: 0, of which nothing is said.
Key optional_limit_key(std::string_view meaning);
/// The plan's failures, which a workload may or may not get over: `phrase` says so.
Key failures_key(std::string_view phrase);
/// A duration that a case may go without: 0, of which nothing is said.
Key optional_duration_key(Key, Nanoseconds Scenario::*member);
Key optional_duration_key(Key, Nanoseconds Case::*member);
/// A share 0 … 1 of the case's calls.
Key share_key(Key, double Case::*member);
/// A bound of the service that the calls are made to.
Key capacity_key(Key, std::uint32_t Capacity::*member);
/// The case's work, under whatever name: completes what is said of the key.
Key work_key(Key);
/// The same, of each call.
Key cpu_per_call_key(std::string_view meaning);
/// Scenario::placement.
Key placement_key();

}  // namespace fanbench
