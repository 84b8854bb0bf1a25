// What the floors read of a reply.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>

#include "impls/http/request.hpp"

namespace fanbench::floor {

struct Parsed {
  Reply reply;
  bool keep_alive;
};

/// The reply, once it is there as a whole. It knows replies as our server writes them, and no others.
inline std::optional<Parsed> parse(std::string_view bytes) {
  const auto head_end = bytes.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return std::nullopt;
  const std::string_view head = bytes.substr(0, head_end), body = bytes.substr(head_end + 4);
  const auto number_after = [head](std::string_view text) {
    unsigned number = 0;
    if (const auto at = head.find(text); at != std::string_view::npos) {
      std::from_chars(head.data() + at + text.size(), head.data() + head.size(), number);
    }
    return number;
  };
  if (body.size() < number_after("Content-Length: ")) return std::nullopt;
  const unsigned status = number_after("HTTP/1.1 ");
  return Parsed{{.verdict = verdict_of(status),
                 .status = static_cast<std::uint16_t>(status),
                 .answer = answer_of(body),
                 .more = more_of(body)},
                head.find("Connection: close") == std::string_view::npos};
}

}  // namespace fanbench::floor
