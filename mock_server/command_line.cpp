// Reads flags with CLI11.
#include "mock_server/command_line.hpp"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include "mock_server/plan/duration.hpp"
#include "mock_server/plan/refusal.hpp"

namespace fanbench::server {
namespace {

void add_duration(CLI::App& app, const std::string& flag, Nanoseconds& value, const std::string& help) {
  const auto read = [flag, &value](const std::string& text) {
    try {
      value = parse_duration(text);
    } catch (const PlanError& error) {
      throw CLI::ValidationError(flag, error.what());
    }
  };
  app.add_option_function<std::string>(flag, read, help)
      ->default_str(format_duration(value))
      ->type_name("DURATION");
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
  app.add_option("--port", options.port, "TCP port, 0 for any free one")->capture_default_str();
  app.add_option("--threads", options.threads, "threads that serve")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  app.add_option("--max-connections", options.max_connections,
                 "more get a 503; 0: as many as there are descriptors for")
      ->capture_default_str();
  app.add_option("--body-limit", options.body_limit, "bytes of a request's body")->capture_default_str();
  add_duration(app, "--idle-timeout", options.idle_timeout, "for connections without a request");
  add_duration(app, "--request-timeout", options.request_timeout, "from a request's first byte to its last");
  app.add_option("--log", log, "file for a line of JSON per reply, - for stdout");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error);
  }
  if (!log.empty()) options.log = open_log(log);
  return std::nullopt;
}

}  // namespace fanbench::server
