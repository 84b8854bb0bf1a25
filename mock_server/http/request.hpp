// A request, as far as this server needs it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "mock_server/http/route.hpp"

namespace fanbench::server {

struct Request {
  Route route;
  std::string body;
  // Empty where neither the route nor the log needs them.
  std::string method, target;
  std::vector<std::pair<std::string, std::string>> fields;
};

}  // namespace fanbench::server
