// Replies as bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mock_server/http/stream.hpp"
#include "mock_server/plan/duration.hpp"

namespace fanbench::server {

inline constexpr std::string_view text_type = "text/plain", utf8_type = "text/plain; charset=utf-8",
                                  json_type = "application/json", event_type = "text/event-stream";

/// What the request's head says of the reply's form.
struct ReplyForm {
  bool http11 = true;
  bool keep_alive = true;
  bool head_only = false;  // HEAD: the body is announced, and not sent
};

/// What answers a request that is not a call.
struct Answer {
  std::uint16_t status = 200;
  std::string body{};
  std::string_view type = text_type;
  std::string more_fields{};      // header lines, each with its end of line
  std::size_t padding_bytes = 0;  // of '.', after the body
  // Before it is sent. The reply then tells the time that was asked for and the time that it was, in
  // Server-Timing and in a body that would be empty.
  std::optional<Nanoseconds> delay{};
  std::optional<Stream> stream{};  // instead of a body
};

/// Appends a reply's status line and header. `more_fields` as in Answer. Without a number of bytes, the body
/// is chunked for HTTP/1.1, and ends with the connection for HTTP/1.0.
void append_head(std::string& out, ReplyForm form, std::uint16_t status,
                 std::optional<std::size_t> body_bytes, std::string_view type, std::string_view more_fields);
/// "Retry-After: …\r\nRetry-After-Ms: …\r\n"
std::string retry_fields(Nanoseconds retry_after);
/// "Server-Timing: requested;dur=…, measured;dur=…\r\n"
std::string timing_field(Nanoseconds requested, Nanoseconds measured);

}  // namespace fanbench::server
