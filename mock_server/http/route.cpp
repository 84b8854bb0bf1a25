// Reads request lines by hand: the endpoint for calls is on the hot path.
#include "mock_server/http/route.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "mock_server/plan/printable.hpp"

namespace fanbench::server {
namespace {

Route refuse(std::uint16_t status, std::string text) {
  Route route;
  route.status = status;
  route.text = std::move(text);
  return route;
}

/// With 405: find_route says which method and path came.
Route refuse_method(std::string_view expected, std::string_view allow) {
  Route route = refuse(405, std::string(expected));
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

/// A number, or `auto`, which is none.
bool read_attempt(std::string_view text, std::optional<std::uint16_t>& attempt) {
  if (text != "auto") return read_all(text, attempt.emplace());
  attempt.reset();
  return true;
}

Route find_call(std::string_view method, Route route, std::string_view id, std::string_view query) {
  if (!gets(method)) return refuse_method("GET or HEAD", "GET, HEAD");
  if (!read_all(id, route.id)) {
    return refuse(400, fmt::format("expected a call id from 0 to {}", std::numeric_limits<CallId>::max()));
  }
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const bool read = (take(pair, "attempt=") && read_attempt(pair, route.attempt)) ||
                      (take(pair, "cursor=") && read_all(pair, route.cursor, 16));
    if (!read) {
      return refuse(400, fmt::format("expected no query but attempt=<a>, a from 0 to {} or auto, and "
                                     "cursor=<hex>",
                                     std::numeric_limits<std::uint16_t>::max()));
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
  if (!gets(method)) return refuse_method("GET, HEAD or DELETE", "GET, HEAD, DELETE");
  if (!query.empty() && query != "calls=0" && query != "calls=1") {
    return refuse(400, "expected no query but ?calls=0 or ?calls=1");
  }
  route.with_calls = query != "calls=0";
  route.to = Route::To::show_run;
  return route;
}

Route find_websocket_room(std::string_view method, Route route, std::string_view room,
                          std::string_view query) {
  if (method != "GET") return refuse_method("GET, with a WebSocket handshake", "GET");
  if (room.empty() || !query.empty())
    return refuse(400, "expected the name of a room after /ws/, and no query");
  route.to = Route::To::websocket;
  route.text = room;
  return route;
}

Route find_in_runs(std::string_view method, Route route, std::string_view path, std::string_view query) {
  const std::size_t slash = std::min(path.find('/'), path.size());
  std::string_view rest = path.substr(slash);
  const bool room = take(rest, "/ws/");
  if (!room && !rest.empty() && !take(rest, "/calls/")) {
    return refuse(404, "expected /runs/<run>, /runs/<run>/calls/<id> or /runs/<run>/ws/<room>");
  }
  if (!read_all(path.substr(0, slash), route.run) || route.run == 0) {
    return refuse(400, "expected a run's number after /runs/");
  }
  if (room) return find_websocket_room(method, std::move(route), rest, query);
  return slash == path.size() ? find_run(method, std::move(route), query)
                              : find_call(method, std::move(route), rest, query);
}

struct Endpoint {
  std::string_view path;  // those that end in '/' go on
  Route::To to;
  bool any_method = false;
};
constexpr std::array<Endpoint, 12> endpoints{{{"/", Route::To::index},
                                              {"/anything", Route::To::anything, true},
                                              {"/anything/", Route::To::anything, true},
                                              {"/bytes/", Route::To::bytes},
                                              {"/delay/", Route::To::delay},
                                              {"/drip", Route::To::drip},
                                              {"/healthz", Route::To::health},
                                              {"/metrics", Route::To::metrics},
                                              {"/pages/", Route::To::pages},
                                              {"/status/", Route::To::status, true},
                                              {"/stream/", Route::To::stream},
                                              {"/ws/", Route::To::websocket}}};

Route find_endpoint(std::string_view method, Route route, std::string_view path, std::string_view query) {
  const auto matches = [&](const Endpoint& e) {
    return e.path.size() > 1 && e.path.back() == '/' ? path.starts_with(e.path) : path == e.path;
  };
  const auto found = std::find_if(endpoints.begin(), endpoints.end(), matches);
  if (found == endpoints.end()) return refuse(404, "expected a path that GET / lists");
  if (found->to == Route::To::websocket)
    return find_websocket_room(method, std::move(route), path.substr(4), query);
  if (!found->any_method && !gets(method)) return refuse_method("GET or HEAD", "GET, HEAD");
  route.to = found->to;
  route.text = path.substr(found->path.size());
  route.query = query;
  return route;
}

Route find_allowed(std::string_view method, std::string_view path, std::string_view query) {
  if (take(path, "/runs/")) return find_in_runs(method, Route{}, path, query);
  if (path != "/runs") return find_endpoint(method, Route{}, path, query);
  if (method != "POST") return refuse_method("POST", "POST");
  Route route;
  route.to = Route::To::create_run;
  return route;
}

Route find_path(std::string_view method, std::string_view path, std::string_view query) {
  Route route = find_allowed(method, path, query);
  if (!route.allow.empty())
    route.text = fmt::format("came {} {}, expected {}", printable(method), printable(path), route.text);
  return route;
}

}  // namespace

Route find_route(std::string_view method, std::string_view target) {
  std::string_view path = target;
  if (take(path, "http://")) path.remove_prefix(std::min(path.find('/'), path.size()));  // as a proxy asks
  const std::size_t mark = std::min(path.find('?'), path.size());
  const std::string_view query = path.substr(std::min(mark + 1, path.size()));
  path = path.substr(0, mark);
  if (path.find('%') == std::string_view::npos) return find_path(method, path, query);
  const auto decoded = percent_decode(path);
  if (!decoded) return refuse(400, "expected two hex digits after each % of the path");
  return find_path(method, *decoded, query);
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned char byte = 0;
    if (text.size() - i < 3 || !read_all(text.substr(i + 1, 2), byte, 16)) return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

}  // namespace fanbench::server
