// What the machine allows, and whether a case fits in it: said before the case is run, never shown as a slow
// time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/machine/small_files.hpp"
#include "impls/contract/model.hpp"

namespace fanbench {

/// So many are to be had, and who says so: {20'000, "RLIMIT_NOFILE"}.
struct Allowance {
  std::uint64_t count = unlimited;
  std::string by;
};

/// What is left of so many; none where more are used.
inline std::uint64_t left(std::uint64_t most, std::uint64_t used) {
  if (most == unlimited) return unlimited;
  return most > used ? most - used : 0;
}

/// What a client and a server started by this process may have.
struct Allowances {
  Allowance descriptors;         // in one process
  std::vector<Allowance> tasks;  // threads and processes in addition to those that run now; each must be kept
  Allowance mappings;            // memory mappings in one process
  Allowance ports;               // connections to one address and port
  Allowance memory_mb;           // in units of 10^6 bytes, without pushing anything out to swap
};

/// Reads the machine's. A limit that the machine does not have, or does not show, is unlimited.
Allowances read_allowances();

/// One line, such as "needs 20,100 descriptors, 20,000 allowed (RLIMIT_NOFILE)"; nothing if client and server
/// fit. `connections`: the most that the client has to the server at once, those that still linger after
/// their end (TIME_WAIT) included.
std::optional<std::string> missing_from(const Allowances& allowed, const Needs& client, const Needs& server,
                                        std::uint64_t connections);
/// The same for this machine.
std::optional<std::string> missing_for(const Needs& client, const Needs& server, std::uint64_t connections);

/// Whether ports of connections that were closed can be used again within about a second
/// (net.ipv4.tcp_tw_reuse), instead of a minute.
bool ports_are_reused(bool to_loopback);
/// The first and the last port that connections are given; nothing where the machine does not say.
std::optional<std::pair<std::uint64_t, std::uint64_t>> port_range();

/// Memory in bytes, as the machine or a control group of this process limits it.
struct Memory {
  std::uint64_t total = unlimited;
  std::uint64_t available = unlimited;  // without pushing anything out to swap
  std::string by;                       // who sets what is available
};
Memory read_memory();

/// Lifts this process's soft limit of descriptors to the hard one; processes started later inherit it.
/// Returns the limit. Throws std::system_error.
std::uint64_t raise_descriptor_limit();

}  // namespace fanbench
