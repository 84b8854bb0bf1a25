// Bodies that go out in pieces at set times: dripped ones, and streams of events.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mock_server/plan/duration.hpp"

namespace fanbench::server {

struct Stream {
  enum class Form : std::uint8_t {
    body,    // `bytes` in even pieces: `text`, filled up with '.'
    lines,   // each event "<number> <text>\n"
    events,  // each event as text/event-stream has it
  };

  Form form = Form::body;
  bool chunked = false;      // each piece is a chunk; else the pieces are all there is
  std::uint32_t pieces = 1;  // at least 1
  Nanoseconds interval{};    // the first piece goes out with the head, the next one interval later, …
  std::size_t bytes = 0;     // of a `body`
  std::string text{};
  std::uint32_t next = 0;  // the piece that is due next
  bool split = false;      // half of every third piece goes out with the one before
  std::size_t ahead = 0;   // bytes of the piece that is due next which went out so

  bool ended() const { return next == pieces; }
};

/// Appends the piece that is due next, with the end of the body after the last.
void append_piece(std::string& out, Stream& stream);

/// The stream that brings a body of so many bytes, of which the first are `text`, over a time.
Stream drip(std::size_t bytes, Nanoseconds over, std::string_view text);
inline constexpr std::uint32_t drip_pieces = 16;

}  // namespace fanbench::server
