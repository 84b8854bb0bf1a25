// Writes the log's lines, with the wall clock's time.
#include "mock_server/service/reply_log.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <string>

#include "mock_server/plan/printable.hpp"

namespace fanbench::server {

void log_reply(std::FILE* log, Ledger::ConnectionNumber connection, const Request* request,
               std::uint16_t status, std::chrono::nanoseconds taken) {
  const auto quoted = [](const std::string& text) {
    return nlohmann::json(printable(text, std::string::npos)).dump();
  };
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(taken).count();
  fmt::print(
      log,
      R"({{"time":"{:%FT%T}.{:06}Z","connection":{},"method":{},"target":{},"status":{},"duration_us":{}}})"
      "\n",
      fmt::gmtime(std::chrono::system_clock::to_time_t(now)), now.time_since_epoch().count() % 1'000'000,
      connection, quoted(request ? request->method : ""), quoted(request ? request->target : ""), status,
      request ? us : 0);
}

}  // namespace fanbench::server
