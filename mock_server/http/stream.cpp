// Makes the pieces of bodies that are sent over time.
#include "mock_server/http/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

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

}  // namespace

void append_piece(std::string& out, Stream& stream) {
  if (!stream.chunked) {
    append_content(out, stream);
    ++stream.next;
    return;
  }
  std::string content;
  append_content(content, stream);
  ++stream.next;
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
