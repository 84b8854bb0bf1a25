// fanbench-server: the mock latency server's command line.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "mock_server/server.hpp"

int main(int argc, char** argv) {
  fanbench::ServerOptions options;
  CLI::App app("A mock server whose replies come as late as you ask for.", "fanbench-server");
  app.add_option("--address", options.address, "IP address to listen on")->capture_default_str();
  app.add_option("--port", options.port, "TCP port, 0 for any free one")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  try {
    fanbench::raise_descriptor_limit();
    fanbench::Server server(options);
    server.stop_on_signals();
    if (!server.loopback()) {
      fmt::print(stderr,
                 "fanbench-server: {} can be reached from other machines, and asks nobody who they are\n",
                 server.address());
    }
    fmt::print(R"({{"address":"{}","port":{},"pid":{}}})"
               "\n",
               server.address(), server.port(), getpid());
    std::fflush(stdout);
    server.run();
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "fanbench-server: {}\n", error.what());
    return 1;
  }
}
