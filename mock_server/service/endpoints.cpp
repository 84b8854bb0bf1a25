// What people and other tools ask of the server without a run.
#include "mock_server/service/endpoints.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "mock_server/http/query.hpp"
#include "mock_server/plan/draws.hpp"
#include "mock_server/plan/refusal.hpp"

namespace fanbench::server {
namespace {

Nanoseconds duration_or(const Query& query, std::string_view key, Nanoseconds otherwise) {
  return query[key].empty() ? otherwise : in_key(key, [&] { return parse_duration(query[key]); });
}

std::uint64_t number_or(const Query& query, std::string_view key, std::uint64_t max,
                        std::uint64_t otherwise) {
  return query[key].empty() ? otherwise : read_whole_number(key, query[key], 1, max);
}

/// Not to be guessed, so that a client that skips a page is found out.
std::string cursor_of(std::uint64_t pages, std::uint64_t page) {
  return fmt::format("{}-{:08x}", page, mix(mix(pages) + page) >> 32);
}

std::uint64_t page_of(std::string_view cursor, std::uint64_t pages) {
  if (cursor.empty()) return 0;
  const std::uint64_t page = read_whole_number("cursor", cursor.substr(0, cursor.find('-')), 0, pages - 1);
  if (page == 0 || cursor != cursor_of(pages, page))
    refuse(quote(cursor), "the cursor that the page before gave");
  return page;
}

}  // namespace

Answer answer_anything(const Request& request) {
  nlohmann::ordered_json fields = nlohmann::ordered_json::array();
  for (const auto& [name, value] : request.fields) fields.push_back({name, value});
  const nlohmann::ordered_json json{
      {"method", request.method},
      {"target", request.target},
      {"path", "/anything" + (request.route.text.empty() ? "" : '/' + request.route.text)},
      {"query", request.route.query},
      {"fields", fields},
      {"body", request.body}};
  return {.body = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n',
          .type = json_type};
}

Answer answer_bytes(const Route& route) {
  return {.type = "application/octet-stream",
          .padding_bytes = read_whole_number("/bytes/<n>", route.text, 0, max_body_bytes)};
}

Answer answer_drip(const Route& route) {
  const Query query(route.query, {"bytes", "over", "delay"});
  const std::size_t bytes = number_or(query, "bytes", max_body_bytes, 100);
  return {.type = "application/octet-stream",
          .delay = duration_or(query, "delay", {}),
          .stream = drip(bytes, duration_or(query, "over", std::chrono::seconds(1)), "")};
}

Answer answer_pages(const Route& route) {
  const Query query(route.query, {"cursor", "items", "delay"});
  const std::uint64_t pages = read_whole_number("/pages/<n>", route.text, 1, 1'000'000);
  const std::uint64_t items = number_or(query, "items", 1'000, 10), page = page_of(query["cursor"], pages);
  nlohmann::ordered_json json{{"page", page}, {"items", nlohmann::json::array()}, {"next", nullptr}};
  for (std::uint64_t i = 0; i < items; ++i) json["items"].push_back(page * items + i);
  if (page + 1 < pages) json["next"] = cursor_of(pages, page + 1);
  Answer answer{.body = json.dump() + '\n', .type = json_type};
  if (!query["delay"].empty()) answer.delay = duration_or(query, "delay", {});
  return answer;
}

Answer answer_status(const Route& route) {
  const auto status = static_cast<std::uint16_t>(read_whole_number("/status/<code>", route.text, 200, 599));
  Answer answer{.status = status, .body = fmt::format("{}\n", status)};
  if (status == 204 || status == 304) answer.body.clear();
  if (status == 429 || status == 503) answer.more_fields = retry_fields(std::chrono::seconds(1));
  return answer;
}

Answer answer_stream(const Route& route) {
  const Query query(route.query, {"interval", "form"});
  const std::string& form = query["form"];
  if (!form.empty() && form != "chunked" && form != "sse") refuse(quote(form), "form=chunked or form=sse");
  Stream stream{.form = form == "sse" ? Stream::Form::events : Stream::Form::lines,
                .chunked = true,
                .interval = duration_or(query, "interval", std::chrono::milliseconds(100)),
                .text = "event"};
  stream.pieces =
      static_cast<std::uint32_t>(read_whole_number("/stream/<events>", route.text, 1, max_events));
  return {.type = form == "sse" ? event_type : text_type, .stream = std::move(stream)};
}

Answer answer_index() {
  return {.body = R"html(<!doctype html>
<html lang="en"><meta charset="utf-8"><title>fanbench-server</title>
<style>body{font:16px/1.5 system-ui;max-width:46em;margin:2em auto;padding:0 1em}td{padding:.1em 1em .1em 0}</style>
<h1>fanbench-server</h1>
<p>Replies come as late, as broken and as large as you ask for.</p>
<table>
<tr><td><a href="/delay/200ms">/delay/200ms</a><td>after 200 ms
<tr><td><a href="/delay/lognormal:p50=20ms,p99=200ms">/delay/lognormal:p50=20ms,p99=200ms</a><td>after a drawn delay
<tr><td><a href="/status/503">/status/503</a><td>with that status
<tr><td><a href="/bytes/1024">/bytes/1024</a><td>so many bytes
<tr><td><a href="/stream/5?interval=500ms">/stream/5?interval=500ms</a><td>lines of text, one by one; form=sse: server-sent events
<tr><td><a href="/drip?bytes=160&amp;over=2s">/drip?bytes=160&amp;over=2s</a><td>a body that comes slowly
<tr><td><a href="/pages/3">/pages/3</a><td>the first of three pages; each gives the cursor of the next
<tr><td>/ws/room<td>WebSocket: what one says, all others of the room get
<tr><td><a href="/anything?x=1">/anything?x=1</a><td>the request, as JSON
<tr><td><a href="/metrics">/metrics</a><td>for Prometheus
<tr><td><a href="/healthz">/healthz</a><td>is it up
<tr><td>POST /runs<td>a plan for many calls, by number; GET /runs/1/calls/1 makes one, GET /runs/1 tells what the server saw
</table>
</html>
)html",
          .type = "text/html; charset=utf-8"};
}

}  // namespace fanbench::server
