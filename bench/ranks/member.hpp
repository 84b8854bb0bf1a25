// A rank that does its part of each case as rank 0 says.
#pragma once

#include "bench/ranks/party.hpp"
#include "bench/suite/suite.hpp"

namespace fanbench::ranks {

struct MemberOptions {
  std::string server{};        // HOST:PORT of one that runs; empty: one of its own for each case
  std::string server_program;  // of its own
  /// Of this host's ranks it gets a share of the CPUs, where there are enough of them.
  std::vector<std::vector<int>> cores;
};

/// Serves until rank 0 is gone, which is its end. `suite`: as rank 0 has it; its cases need not be resolved.
void serve(const Suite& suite, const MemberOptions& options, Party& party);

/// The cores of a rank among those of its host: its share, or where there are not two for each rank, all.
std::vector<std::vector<int>> cores_of_rank(const std::vector<std::vector<int>>& cores, const Party& party);

}  // namespace fanbench::ranks
