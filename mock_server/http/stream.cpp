// Makes the pieces of bodies that are sent over time.
#include "mock_server/http/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace fanbench::server {
namespace {

void append_content(std::string& out, const Stream& stream) {
  const auto to = std::back_inserter(out);
  switch (stream.form) {
    case Stream::Form::lines:
      fmt::format_to(to, "{} {}\n", stream.next, stream.text);
      return;
    case Stream::Form::events:
      fmt::format_to(to, "id: {}\ndata: {}\n\n", stream.next, stream.text);
      return;
    case Stream::Form::body:
      const std::size_t begin = stream.bytes * stream.next / stream.pieces;
      const std::size_t end = stream.bytes * (stream.next + 1) / stream.pieces;
      const std::size_t text_begin = std::min(begin, stream.text.size()),
                        text_end = std::min(end, stream.text.size());
      out.append(stream.text, text_begin, text_end - text_begin);
      out.append((end - begin) - (text_end - text_begin), '.');
      return;
  }
}

/// What is left of the piece that is due next, and of every third the half of the one after.
std::string take_content(Stream& stream) {
  std::string content;
  append_content(content, stream);
  content.erase(0, std::exchange(stream.ahead, 0));
  ++stream.next;
  if (stream.split && !stream.ended() && stream.next % 3 == 2) {
    std::string after;
    append_content(after, stream);
    stream.ahead = after.size() / 2;
    content.append(after, 0, stream.ahead);
  }
  return content;
}

}  // namespace

void append_piece(std::string& out, Stream& stream) {
  const std::string content = take_content(stream);
  if (!stream.chunked) {
    out += content;
    return;
  }
  fmt::format_to(std::back_inserter(out), "{:x}\r\n{}\r\n{}", content.size(), content,
                 stream.ended() ? "0\r\n\r\n" : "");
}

Stream drip(std::size_t bytes, Nanoseconds over, std::string_view text) {
  const auto pieces = static_cast<std::uint32_t>(std::clamp<std::size_t>(bytes, 1, drip_pieces));
  return {.pieces = pieces,
          .interval = over / std::max<std::uint32_t>(pieces - 1, 1),
          .bytes = bytes,
          .text = std::string(text)};
}

}  // namespace fanbench::server
