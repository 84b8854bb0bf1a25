// Answers requests, and puts replies into bytes.
#include "mock_server/service.hpp"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>
#include <iterator>

namespace fanbench {
namespace {

constexpr std::string_view text_type = "text/plain", json_type = "application/json";

std::string_view reason(std::uint16_t status) {
  const auto text = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {text.data(), text.size()};
}

double milliseconds(Nanoseconds value) { return static_cast<double>(value.count()) / 1e6; }

}  // namespace

void append_head(std::string& out, Terms terms, std::uint16_t status, std::size_t body_bytes,
                 std::string_view type, std::string_view more_fields) {
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", status, reason(status));
  if (status != 204) {
    fmt::format_to(std::back_inserter(out), "Content-Type: {}\r\nContent-Length: {}\r\n", type, body_bytes);
  }
  if (!terms.keep_alive) out += "Connection: close\r\n";
  if (terms.keep_alive && !terms.http11) out += "Connection: keep-alive\r\n";
  out.append(more_fields).append("\r\n");
}

void append_call_reply(std::string& out, Terms terms, const Run& run, const PlannedReply& reply) {
  if (reply.status == 200 && terms.keep_alive && terms.http11) {
    out += run.ok_head;
  } else {
    std::string more;
    if (reply.retry_after > reply.retry_after.zero()) {
      // Retry-After knows whole seconds only. Retry-After-Ms is what some cloud APIs send beside it.
      more = fmt::format("Retry-After: {}\r\nRetry-After-Ms: {}\r\n",
                         std::chrono::ceil<std::chrono::seconds>(reply.retry_after).count(),
                         milliseconds(std::chrono::ceil<std::chrono::microseconds>(reply.retry_after)));
    }
    append_head(out, terms, reply.status, run.plan.body_bytes, text_type, more);
  }
  if (terms.head_only) return;
  fmt::format_to(std::back_inserter(out), "{:016x}{}", reply.answer, reply.goes_on ? "+" : "");
}

// A whole status line and a whole field, but no end of the header. Were nothing sent at all, libcurl (and
// others) would take a kept connection that dies for a stale one and silently send the request again: the
// ledger would show a call that the client never counted.
void append_broken_reply(std::string& out) {
  out += "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Le";
}

void append_delay_reply(std::string& out, Terms terms, Nanoseconds requested, Nanoseconds measured) {
  const std::string body = fmt::format("{:.3f} ms\n", milliseconds(measured));
  append_head(out, terms, 200, body.size(), text_type,
              fmt::format("Server-Timing: requested;dur={:.3f}, measured;dur={:.3f}\r\n",
                          milliseconds(requested), milliseconds(measured)));
  if (!terms.head_only) out += body;
}

Answer Service::answer(const Route& route, const std::string& body) {
  switch (route.to) {
    case Route::To::health:
      return {.body = fmt::format(R"({{"status":"ok","connections":{},"runs":{}}})", open_connections_,
                                  runs_.size()) +
                      '\n',
              .type = json_type};
    case Route::To::create_run:
      return create_run(body);
    case Route::To::show_run:
      if (const auto run = find_run(route.run)) {
        return {.body = run->ledger.to_json(route.run, route.with_calls) += '\n', .type = json_type};
      }
      return no_such_run();
    case Route::To::delete_run:
      if (runs_.erase(route.run) == 0) return no_such_run();
      return {.status = 204};
    case Route::To::refused:
    case Route::To::delay:
    case Route::To::call:
      break;
  }
  return {.status = route.status,
          .body = route.text + '\n',
          .more_fields = route.allow.empty() ? "" : fmt::format("Allow: {}\r\n", route.allow)};
}

Answer Service::create_run(const std::string& body) {
  try {
    auto run = std::make_shared<Run>();
    run->plan = parse_plan(body);
    run->number = ++last_run_;
    run->ledger = Ledger(next_connection_);
    append_head(run->ok_head, {}, 200, run->plan.body_bytes, text_type, {});
    runs_.emplace(run->number, run);
    return {.status = 201,
            .body = fmt::format(R"({{"run":{}}})", run->number) + '\n',
            .type = json_type,
            .more_fields = fmt::format("Location: /runs/{}\r\n", run->number)};
  } catch (const PlanError& error) {
    return {.status = 400, .body = std::string(error.what()) + '\n'};
  }
}

std::shared_ptr<Run> Service::find_run(std::uint64_t number) const {
  const auto found = runs_.find(number);
  return found == runs_.end() ? nullptr : found->second;
}

Answer Service::no_such_run() {
  return {.status = 404, .body = "no such run: expected the number that POST /runs gave\n"};
}

Answer Service::wrong_cursor() {
  return {.status = 400,
          .body = "expected as cursor the answer to the call before in the chain, and none for its first\n"};
}

Nanoseconds Service::draw_delay(std::string_view delay) {
  Plan plan;
  plan.delay = parse_delay(delay);
  return planned_reply(plan, delays_drawn_++, 0).delay;
}

}  // namespace fanbench
