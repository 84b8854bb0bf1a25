// Measures the cases of a suite and writes their rows.
#pragma once

#include <string>
#include <vector>

#include "bench/ranks/party.hpp"
#include "bench/suite/suite.hpp"

namespace fanbench {

struct MeasuringOptions {
  std::vector<std::string> cases{};  // only those of these names; none: all
  std::string server{};              // HOST:PORT of one that runs; empty: one of our own for each case
  std::string server_program;        // of our own
  std::string records{};             // file for the calls of the last iteration; empty: none
  bool writes_file = false;          // --benchmark_out was given
  bool watched = true;               // memory, threads, descriptors, system calls: see Measurement::prepare
  bool turns = false;                // one case, which takes turns: see take_turns
  bool ranks_have_cores = false;     // those of a host each have some of their own
  ranks::Party* party = nullptr;     // those that make its cases of several ranks, of which this is rank 0
};

/// Returns the exit status: 0 all rows verified (or not applicable, or beyond a limit), 1 an error row.
/// Throws where nothing can be measured: a case that is not in the suite, a server that cannot be used.
int measure(const Suite& suite, const MeasuringOptions& options);

}  // namespace fanbench
