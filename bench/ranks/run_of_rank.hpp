// A run of one rank's part: how it is handed over, and how the runs of all parts become one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/measure/run.hpp"
#include "bench/ranks/party.hpp"

namespace fanbench::ranks {

/// What is a view in Run::outcome is here.
struct RunOfRank {
  Run run;
  std::vector<CallRecord> records;
  std::vector<AttemptRecord> attempts;
};

std::string to_bytes(const Run& run);
/// Throws std::runtime_error where the bytes are no such run of the same build.
RunOfRank read_run(std::string_view bytes);

/// One run of the whole case, all times since the agreed start and on rank 0's clock. Records whole; of the
/// ledgers the calls whole, with the peak of what was in flight by their times; costs added up. `storage`
/// keeps the records that the run views. What the ranks' clocks are off by is not in the records: each rank's
/// were made by one clock, and it begins where that rank began.
Run merge(std::vector<RunOfRank>& runs, const std::vector<CallId>& firsts,
          const std::vector<ClockOffset>& clocks, Recorder::Clock::time_point agreed, RunOfRank& storage);

}  // namespace fanbench::ranks
