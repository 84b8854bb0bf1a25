// A server that already runs, on this machine or elsewhere.
#pragma once

#include <string_view>

#include "bench/targets/target.hpp"

namespace fanbench {

class RunningServer final : public Target {
 public:
  /// Finds it at "HOST:PORT" (see resolve) and makes sure that it takes runs: of a name's addresses the first
  /// at which somebody listens. Throws std::runtime_error: nobody does, or it is no fanbench server.
  explicit RunningServer(std::string_view host_and_port);
};

}  // namespace fanbench
