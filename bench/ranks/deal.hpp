// Deals a case out to ranks: each has a part of its calls, and does it as a case of its own.
#pragma once

#include <string>

#include "bench/suite/case.hpp"

namespace fanbench::ranks {

/// The part of one rank of so many. Of things in a row the ranks have as many each, or one more, the first
/// ranks first.
struct Part {
  std::uint32_t rank = 0, ranks = 1;  // rank < ranks

  /// Of n things: how many it has, and how many those before it have.
  std::uint32_t of(std::uint32_t n) const { return n / ranks + (rank < n % ranks ? 1 : 0); }
  std::uint32_t before(std::uint32_t n) const { return n / ranks * rank + std::min(rank, n % ranks); }
};

/// Why the case cannot be dealt out to so many, in one line; empty: it can. Not for want of a machine: the
/// workload has one decision for all calls, or there are fewer calls, permits or workers than ranks.
std::string why_not_dealt_out(const Case&, std::uint32_t ranks);

/// The part's case, to be resolved where it is made: its calls 0, 1, … are the whole's first, first + 1, …
/// Bounds of all calls together (permits, workers, the service's quota) are shared out with them. Of a case
/// that can be dealt out.
Case part_of(const Case& whole, Part part);

}  // namespace fanbench::ranks
