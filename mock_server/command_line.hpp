// The server's command line.
#pragma once

#include <optional>

#include "mock_server/net/server_options.hpp"

namespace fanbench::server {

/// Reads the flags that README.md lists. Returns the exit status where the program is to end, which is told
/// already. Throws std::runtime_error where the log can't be written.
std::optional<int> read_command_line(int argc, char** argv, ServerOptions& options);

}  // namespace fanbench::server
