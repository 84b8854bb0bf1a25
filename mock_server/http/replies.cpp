// Puts replies into bytes.
#include "mock_server/http/replies.hpp"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <iterator>

namespace fanbench::server {
namespace {

std::string_view reason(std::uint16_t status) {
  const auto known = boost::beast::http::int_to_status(status);
  if (known == boost::beast::http::status::unknown) return "Unassigned";
  const auto text = boost::beast::http::obsolete_reason(known);
  return {text.data(), text.size()};
}

double milliseconds(Nanoseconds value) { return static_cast<double>(value.count()) / 1e6; }

}  // namespace

void append_head(std::string& out, ReplyForm form, std::uint16_t status,
                 std::optional<std::size_t> body_bytes, std::string_view type, std::string_view more_fields) {
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "HTTP/1.1 {} {}\r\n", status, reason(status));
  if (status != 204 && status != 304) {
    fmt::format_to(to, "Content-Type: {}\r\n", type);
    if (body_bytes) fmt::format_to(to, "Content-Length: {}\r\n", *body_bytes);
    if (!body_bytes && form.http11) out += "Transfer-Encoding: chunked\r\n";
  }
  if (!form.keep_alive) out += "Connection: close\r\n";
  if (form.keep_alive && !form.http11) out += "Connection: keep-alive\r\n";
  out.append(more_fields).append("\r\n");
}

/// Retry-After knows whole seconds only. Retry-After-Ms is what some cloud APIs send beside it.
std::string retry_fields(Nanoseconds retry_after) {
  return fmt::format("Retry-After: {}\r\nRetry-After-Ms: {}\r\n",
                     std::chrono::ceil<std::chrono::seconds>(retry_after).count(),
                     milliseconds(std::chrono::ceil<std::chrono::microseconds>(retry_after)));
}

std::string timing_field(Nanoseconds requested, Nanoseconds measured) {
  return fmt::format("Server-Timing: requested;dur={:.3f}, measured;dur={:.3f}\r\n", milliseconds(requested),
                     milliseconds(measured));
}

}  // namespace fanbench::server
