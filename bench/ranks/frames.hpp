// What goes between a bench and the relay beside it, over a pair of sockets: frames, each to or from one
// rank.
#pragma once

#include <cstdint>
#include <string>

namespace fanbench::ranks {

/// Before a frame's bytes. Both ends are on one machine.
struct FrameHead {
  std::uint32_t peer = 0;  // the other rank; or `the_relay`
  std::uint64_t size = 0;  // of the bytes that follow
};

/// The relay itself is spoken to: a letter, and what belongs to it.
inline constexpr std::uint32_t the_relay = UINT32_MAX;
/// From the relay, first of all: this rank, the number of ranks, the process that started them here (uint32_t
/// each), then a line of text for each rank: its host.
inline constexpr char hello = 'h';
/// To it: how are the clocks? From it: a ClockOffset for each rank.
inline constexpr char clocks = 'c';
/// From it: a line that says who is lost. No messages come any more.
inline constexpr char lost = 'l';

}  // namespace fanbench::ranks
