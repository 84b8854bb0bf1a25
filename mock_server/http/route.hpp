// What a request line asks for: method and target in, values out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "mock_server/plan/plan.hpp"

namespace fanbench::server {

struct Route {
  enum class To : std::uint8_t {
    refused,
    call,
    create_run,
    show_run,
    delete_run,
    // Those below are for use without a run: `text` is what follows in the path.
    anything,
    bytes,
    delay,
    drip,
    health,
    index,
    metrics,
    pages,
    status,
    stream,
    websocket,
  };

  To to = To::refused;
  bool with_calls = true;      // show_run
  std::uint16_t status = 404;  // refused: 400, 404 or 405
  CallId id = 0;               // call
  std::uint64_t cursor = 0;    // call
  std::uint64_t run = 0;       // call, show_run, delete_run
  std::string text;            // percent-decoded; refused: what was expected, in one line
  std::string query;           // as it came, without the '?'
  std::string_view allow;      // refused with 405: the methods that are allowed
  // call; none: it is the run that numbers them
  std::optional<std::uint16_t> attempt = 0;

  /// The request's fields are needed.
  bool wants_fields() const { return to == To::anything || to == To::websocket; }
};

/// Never throws for what a client may send: a bad request line is a Route too.
Route find_route(std::string_view method, std::string_view target);

/// Percent-decoded; nothing where a '%' is not followed by two hex digits. '+' stays '+'.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace fanbench::server
