// Puts replies into bytes.
#include "mock_server/http/replies.hpp"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <iterator>

#include "mock_server/runs/runs.hpp"

namespace fanbench {
namespace {

std::string_view reason(std::uint16_t status) {
  const auto known = boost::beast::http::int_to_status(status);
  if (known == boost::beast::http::status::unknown) return "Unassigned";
  const auto text = boost::beast::http::obsolete_reason(known);
  return {text.data(), text.size()};
}

double milliseconds(Nanoseconds value) { return static_cast<double>(value.count()) / 1e6; }

}  // namespace

void append_head(std::string& out, Terms terms, std::uint16_t status, std::optional<std::size_t> body_bytes,
                 std::string_view type, std::string_view more_fields) {
  const auto to = std::back_inserter(out);
  fmt::format_to(to, "HTTP/1.1 {} {}\r\n", status, reason(status));
  if (status != 204 && status != 304) {
    fmt::format_to(to, "Content-Type: {}\r\n", type);
    if (body_bytes) fmt::format_to(to, "Content-Length: {}\r\n", *body_bytes);
    if (!body_bytes && terms.http11) out += "Transfer-Encoding: chunked\r\n";
  }
  if (!terms.keep_alive) out += "Connection: close\r\n";
  if (terms.keep_alive && !terms.http11) out += "Connection: keep-alive\r\n";
  out.append(more_fields).append("\r\n");
}

std::string ok_head(const Plan& plan) {
  std::string head;
  append_head(head, {}, 200, plan.body_bytes, text_type, {});
  return head;
}

void append_call_head(std::string& out, Terms terms, const Run& run, const PlannedReply& reply) {
  if (reply.status == 200 && terms.keep_alive && terms.http11) {
    out += run.ok_head;
    return;
  }
  append_head(out, terms, reply.status, run.plan.body_bytes, text_type,
              reply.retry_after > reply.retry_after.zero() ? retry_fields(reply.retry_after) : "");
}

void append_call_body(std::string& out, const PlannedReply& reply) {
  fmt::format_to(std::back_inserter(out), "{:016x}{}", reply.answer, reply.goes_on ? "+" : "");
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

}  // namespace fanbench
