// The ranks of a measurement, as one of them sees the others.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace fanbench::ranks {

using Nanoseconds = std::chrono::nanoseconds;

/// A rank that does not answer any more, or all of them. what() is one line: which, where, what became of it.
struct Lost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A rank's clock (std::chrono::steady_clock) reads rank 0's and `offset`, give or take `uncertainty`.
struct ClockOffset {
  Nanoseconds offset{}, uncertainty{};
};

class Party;
/// How many of the ranks are on this one's host.
std::uint32_t ranks_of_host(const Party& party);

class Party {
 public:
  Party() = default;
  Party(const Party&) = delete;
  Party& operator=(const Party&) = delete;
  virtual ~Party() = default;

  virtual std::uint32_t rank() const = 0;
  virtual std::uint32_t size() const = 0;
  /// The name of each rank's host.
  virtual const std::vector<std::string>& hosts() const = 0;
  /// The process that has started this host's ranks.
  virtual pid_t launcher() const = 0;

  /// Messages between two ranks come in the order in which they were sent. Both throw Lost.
  virtual void send(std::uint32_t to, const std::string& message) = 0;
  virtual std::string receive(std::uint32_t from) = 0;
  /// Of all ranks, read now; to be asked by rank 0 while no rank measures. Throws Lost.
  virtual std::vector<ClockOffset> clocks() = 0;
};

}  // namespace fanbench::ranks
