// Reads from a socket, and says when what was read had come.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <optional>
#include <span>

#include "mock_server/plan/duration.hpp"

namespace fanbench::server {

/// Has the kernel stamp what comes in, from a moment later on: what it has not stamped is read without. A
/// listening socket hands it on to those that are accepted from it, so that their first bytes are stamped
/// even where they come before the accept.
void ask_for_stamps(int socket) noexcept;

struct StampedInput {
  std::size_t bytes = 0;
  boost::system::error_code error{};  // asio::error::eof at the stream's end
  /// CLOCK_REALTIME when the newest whole packet among these bytes had come. TCP puts packets together while
  /// they wait, and keeps the newest one's stamp: a request has arrived when the last of its packets has.
  std::optional<Nanoseconds> stamp{};
};

/// What there is, from a non-blocking socket; asio::error::would_block where that is nothing.
StampedInput read_stamped(int socket, std::span<char> into) noexcept;

}  // namespace fanbench::server
