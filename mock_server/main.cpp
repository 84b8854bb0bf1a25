// fanbench-server: the mock latency server's command line.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

#include "mock_server/command_line.hpp"
#include "mock_server/net/server.hpp"
#include "mock_server/plan/printable.hpp"

int main(int argc, char** argv) {
  try {
    fanbench::server::ServerOptions options;
    if (const auto status = fanbench::server::read_command_line(argc, argv, options)) return *status;
    fanbench::server::raise_descriptor_limit();
    fanbench::server::Server server(options);
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
    fmt::print(stderr, "fanbench-server: {}\n", fanbench::printable(error.what(), std::string::npos));
    return 1;
  }
}
