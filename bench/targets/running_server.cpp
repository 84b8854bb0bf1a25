// Looks who answers at an address.
#include "bench/targets/running_server.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace fanbench {

RunningServer::RunningServer(std::string_view host_and_port) {
  Answer health;
  for (const Address& address : resolve(host_and_port)) {
    listens_at({address});
    health = ask("GET", "/healthz");
    if (health.connected) break;
  }
  if (!health.connected)
    throw std::runtime_error(fmt::format("no server can be reached at {}: {}", host_and_port, health.body));

  const auto refuse = [&](const char* request, const Answer& answer) {
    const std::string came = answer.status == 0 ? answer.body : fmt::format("status {}", answer.status);
    throw std::runtime_error(
        fmt::format("what runs at {} is no fanbench server: {} came to: {}", host_and_port, request, came));
  };
  if (health.status != 200) refuse("GET /healthz", health);
  const Answer created = ask("POST", "/runs", format_plan({}));
  const auto reply = nlohmann::json::parse(created.body, nullptr, false);
  const bool is_run = reply.is_object() && reply.contains("run") && reply["run"].is_number_unsigned();
  if (created.status != 201 || !is_run) refuse("POST /runs", created);
  forget(reply["run"]);
}

}  // namespace fanbench
