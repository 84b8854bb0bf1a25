// One call as it goes over the wire, the same for every client.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "impls/contract/records.hpp"

namespace fanbench {

/// Who wants a body as it comes.
class BodyReader {
 public:
  /// A body begins: whatever was read before is none of it.
  virtual void begin() = 0;
  virtual void read(std::string_view piece) = 0;
  /// What it has read as the call's answer.
  virtual std::uint64_t answer() const = 0;

 protected:
  ~BodyReader() = default;
};

/// GET /runs/<run>/calls/<id>?attempt=<attempt>, and &cursor=<cursor> in hex where there is one; without a
/// run GET /healthz, by which a new connection is proved.
struct Request {
  std::uint64_t run = 0;  // numbered from 1 on
  CallId id = 0;
  Attempt attempt = 0;
  std::uint64_t cursor = 0;      // the answer to the call before in the chain; 0: none
  BodyReader* reader = nullptr;  // has to outlive the call
};

inline void append_target(fmt::memory_buffer& out, const Request& request) {
  const auto to = fmt::appender(out);
  if (request.run == 0) {
    fmt::format_to(to, "/healthz");
    return;
  }
  fmt::format_to(to, "/runs/{}/calls/{}?attempt={}", request.run, request.id, request.attempt);
  if (request.cursor != 0) fmt::format_to(to, "&cursor={:x}", request.cursor);
}
inline std::string target_of(const Request& request) {
  fmt::memory_buffer target;
  append_target(target, request);
  return fmt::to_string(target);
}

/// The same bytes as libcurl sends. So few take no memory but that of the buffer itself.
inline fmt::memory_buffer message_of(const Request& request, std::string_view host) {
  fmt::memory_buffer message;
  fmt::format_to(fmt::appender(message), "GET ");
  append_target(message, request);
  fmt::format_to(fmt::appender(message), " HTTP/1.1\r\nHost: {}\r\nAccept: */*\r\n\r\n", host);
  return message;
}

inline Verdict verdict_of(unsigned status) {
  return status >= 200 && status < 300 ? Verdict::ok : Verdict::http_error;
}

/// The number in the first 16 bytes of a body; 0 where there is none.
inline std::uint64_t answer_of(std::string_view body) {
  std::uint64_t answer = 0;
  std::from_chars(body.data(), body.data() + std::min<std::size_t>(body.size(), 16), answer, 16);
  return answer;
}

/// Whether the body says, after its answer, that the call's chain goes on.
inline bool more_of(std::string_view body) { return body.size() > 16 && body[16] == '+'; }

/// What clients keep of a body: its beginning, all that the server says in it.
class BodyBeginning {
 public:
  void clear() noexcept { bytes_ = 0; }
  void append(std::string_view piece) noexcept {
    const std::size_t wanted = std::min(piece.size(), beginning_.size() - bytes_);
    std::copy_n(piece.data(), wanted, beginning_.data() + bytes_);
    bytes_ += wanted;
  }
  std::string_view text() const noexcept { return {beginning_.data(), bytes_}; }

 private:
  std::array<char, 17> beginning_{};
  std::size_t bytes_ = 0;
};

inline constexpr Nanoseconds longest_retry_after = std::chrono::hours(24);

/// How long the server asks to wait, by the values of two fields: Retry-After-Ms ("12.5"), which is finer and
/// so preferred, else Retry-After in whole seconds; 0 where neither begins with a number from 0 on. Never
/// more than a day: whatever a server says, it can be added to a time.
class RetryAfter {
 public:
  void take_milliseconds(std::string_view value) { by_milliseconds_ = read(value, 1); }
  void take_seconds(std::string_view value) { by_seconds_ = read(value, 1000); }
  Nanoseconds wait() const { return by_milliseconds_ != none ? by_milliseconds_ : std::max(by_seconds_, {}); }

 private:
  static constexpr Nanoseconds none{-1};

  static Nanoseconds read(std::string_view text, double milliseconds) {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || !(value >= 0)) return none;  // "nan" is read as a number, and is not
    const Milliseconds asked(value * milliseconds);
    return std::chrono::duration_cast<Nanoseconds>(std::min<Milliseconds>(asked, longest_retry_after));
  }

  Nanoseconds by_milliseconds_ = none, by_seconds_ = none;
};

/// The reply, by its status, its Retry-After fields and the beginning of its body, or who has read that.
inline Reply reply_of(unsigned status, const RetryAfter& retry_after, std::string_view body,
                      const BodyReader* reader) {
  return {.verdict = verdict_of(status),
          .status = static_cast<std::uint16_t>(status),
          .retry_after = retry_after.wait(),
          .answer = reader ? reader->answer() : answer_of(body),
          .more = more_of(body)};
}

}  // namespace fanbench
