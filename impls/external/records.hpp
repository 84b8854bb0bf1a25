// What a contestant writes down of a run, read into its recorder.
#pragma once

#include <filesystem>

#include "impls/contract/records.hpp"

namespace fanbench::external {

/// Throws std::runtime_error: which line, what was expected, and what came.
void read_records(const std::filesystem::path& file, Recorder& recorder);

}  // namespace fanbench::external
