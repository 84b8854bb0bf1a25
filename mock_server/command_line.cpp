// Reads flags with CLI11, and their values with what reads them in requests.
#include "mock_server/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "mock_server/http/query.hpp"
#include "mock_server/plan/duration.hpp"
#include "mock_server/plan/refusal.hpp"
#include "mock_server/runs/ledger.hpp"

namespace fanbench::server {
namespace {

void add_duration(CLI::App& app, const std::string& flag, Nanoseconds& value, const std::string& help) {
  const auto read = [flag, &value](const std::string& text) {
    value = in_key(flag, [&] { return parse_duration(text); });
  };
  app.add_option_function<std::string>(flag, read, help)
      ->default_str(format_duration(value))
      ->type_name("DURATION");
}

template <class Number>
void add_number(CLI::App& app, const std::string& flag, Number& value, std::uint64_t min, std::uint64_t max,
                const std::string& help) {
  const auto read = [flag, &value, min, max](const std::string& text) {
    value = static_cast<Number>(read_whole_number(flag, text, min, max));
  };
  app.add_option_function<std::string>(flag, read, help)
      ->default_str(std::to_string(value))
      ->type_name("NUMBER");
}

std::FILE* open_log(const std::string& path) {
  if (path == "-") return stdout;
  std::FILE* file = std::fopen(path.c_str(), "ae");  // until the process ends
  if (file == nullptr) throw std::runtime_error(path + ": " + std::strerror(errno));
  return file;
}

}  // namespace

std::optional<int> read_command_line(int argc, char** argv, ServerOptions& options) {
  CLI::App app("A mock server whose replies come as late as you ask for.", "fanbench-server");
  std::string log;
  app.add_option("--address", options.address, "IP address to listen on")->capture_default_str();
  add_number(app, "--port", options.port, 0, std::numeric_limits<std::uint16_t>::max(),
             "TCP port, 0 for any free one");
  add_number(app, "--threads", options.threads, 1, 256, "threads that serve");
  add_number(app, "--max-connections", options.max_connections, 0,
             std::numeric_limits<Ledger::ConnectionNumber>::max(),
             "more get a 503; 0: as many as there are descriptors for");
  add_number(app, "--body-limit", options.body_limit, 0, std::numeric_limits<std::size_t>::max(),
             "bytes of a request's body");
  add_duration(app, "--idle-timeout", options.idle_timeout, "for connections without a request");
  add_duration(app, "--request-timeout", options.request_timeout, "from a request's first byte to its last");
  app.add_option("--log", log, "file for a line of JSON per reply, - for stdout");
  app.allow_extras();  // refused below: CLI11 tells them in reverse order
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    throw std::runtime_error(fmt::format("{} (--help lists the flags)", error.what()));
  }
  if (const std::vector<std::string> extras = app.remaining(); !extras.empty())
    throw std::runtime_error(
        fmt::format("not expected: {} (--help lists the flags)", fmt::join(extras, " ")));
  if (!log.empty()) options.log = open_log(log);
  return std::nullopt;
}

}  // namespace fanbench::server
