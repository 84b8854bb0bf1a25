// What a request line asks for: method and target in, values out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "mock_server/plan.hpp"

namespace fanbench {

struct Route {
  enum class To : std::uint8_t { refused, health, delay, create_run, show_run, delete_run, call };

  To to = To::refused;
  bool with_calls = true;      // show_run
  std::uint16_t status = 404;  // refused: 400, 404 or 405
  Attempt attempt = 0;         // call
  CallId id = 0;               // call
  std::uint64_t cursor = 0;    // call
  std::uint64_t run = 0;       // call, show_run, delete_run
  std::string text;            // delay: its text; refused: what was expected, in one line
  std::string_view allow;      // refused with 405: the methods that are allowed
};

/// Never throws for what a client may send: a bad request line is a Route too.
Route find_route(std::string_view method, std::string_view target);

}  // namespace fanbench
