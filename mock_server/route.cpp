// Reads request lines by hand: there are six endpoints, and the one for calls is on the hot path.
#include "mock_server/route.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "mock_server/ledger.hpp"

namespace fanbench {
namespace {

constexpr std::string_view endpoints =
    "expected POST /runs, GET /runs/<run>, DELETE /runs/<run>, GET /runs/<run>/calls/<id>?attempt=<a>, "
    "GET /delay/<delay> or GET /healthz";

Route refuse(std::uint16_t status, std::string text, std::string_view allow = {}) {
  Route route;
  route.status = status;
  route.text = std::move(text);
  route.allow = allow;
  return route;
}

/// Cuts `prefix` off the front of `text`, if it is there.
bool take(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

template <class Number>
bool read_all(std::string_view text, Number& value, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size();
}

bool gets(std::string_view method) { return method == "GET" || method == "HEAD"; }

Route find_call(std::string_view method, Route route, std::string_view id, std::string_view query) {
  if (!gets(method)) return refuse(405, "expected GET /runs/<run>/calls/<id>", "GET, HEAD");
  if (!read_all(id, route.id)) {
    return refuse(400, fmt::format("expected a call id from 0 to {}", std::numeric_limits<CallId>::max()));
  }
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const bool read =
        (take(pair, "attempt=") && read_all(pair, route.attempt) && route.attempt <= max_attempt) ||
        (take(pair, "cursor=") && read_all(pair, route.cursor, 16));
    if (!read) {
      return refuse(400, fmt::format("expected no query but attempt=<a>, a from 0 to {}, and cursor=<hex>",
                                     max_attempt));
    }
  }
  route.to = Route::To::call;
  return route;
}

Route find_run(std::string_view method, Route route, std::string_view query) {
  if (method == "DELETE") {
    if (!query.empty()) return refuse(400, "expected no query");
    route.to = Route::To::delete_run;
    return route;
  }
  if (!gets(method)) return refuse(405, "expected GET or DELETE /runs/<run>", "GET, HEAD, DELETE");
  if (!query.empty() && query != "calls=0" && query != "calls=1") {
    return refuse(400, "expected no query but ?calls=0 or ?calls=1");
  }
  route.with_calls = query != "calls=0";
  route.to = Route::To::show_run;
  return route;
}

}  // namespace

Route find_route(std::string_view method, std::string_view target) {
  Route route;
  std::string_view path = target;
  if (take(path, "http://")) path.remove_prefix(std::min(path.find('/'), path.size()));  // as a proxy asks
  const std::size_t mark = std::min(path.find('?'), path.size());
  const std::string_view query = path.substr(std::min(mark + 1, path.size()));
  path = path.substr(0, mark);

  if (take(path, "/runs/")) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    std::string_view rest = path.substr(slash);
    if (!rest.empty() && !take(rest, "/calls/")) return refuse(404, std::string(endpoints));
    if (!read_all(path.substr(0, slash), route.run))
      return refuse(400, "expected a run's number after /runs/");
    return slash == path.size() ? find_run(method, route, query) : find_call(method, route, rest, query);
  }
  if (path == "/runs") {
    if (method != "POST") return refuse(405, "expected POST /runs", "POST");
    route.to = Route::To::create_run;
    return route;
  }
  if (take(path, "/delay/")) {
    if (!gets(method)) return refuse(405, "expected GET /delay/<delay>", "GET, HEAD");
    route.to = Route::To::delay;
    route.text = path;
    return route;
  }
  if (path == "/healthz") {
    if (!gets(method)) return refuse(405, "expected GET /healthz", "GET, HEAD");
    route.to = Route::To::health;
    return route;
  }
  return refuse(404, std::string(endpoints));
}

}  // namespace fanbench
