// The server's command line.
#pragma once

#include <optional>

#include "mock_server/net/server_options.hpp"

namespace fanbench::server {

/// Reads the flags that README.md lists. Returns the exit status where all that was asked for is their list.
/// Throws std::exception, with one line, for what is wrong with them, and where the log can't be written.
std::optional<int> read_command_line(int argc, char** argv, ServerOptions& options);

}  // namespace fanbench::server
