// The mock server of a measurement: a process of its own, pinned apart from the client.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "bench/targets/ledger.hpp"
#include "mock_server/plan/plan.hpp"

namespace fanbench {

class MockServer {
 public:
  /// Starts the program and waits until it is ready. `cpu`: where it is to run. It dies with this process.
  /// Throws std::runtime_error: what was started and what came of it.
  explicit MockServer(const std::filesystem::path& program, std::optional<int> cpu = std::nullopt);
  MockServer(const MockServer&) = delete;
  MockServer& operator=(const MockServer&) = delete;
  /// Ends it, and waits for its end.
  ~MockServer();

  pid_t pid() const noexcept { return pid_; }
  const std::string& host() const noexcept { return host_; }
  std::uint16_t port() const noexcept { return port_; }

  // Each throws std::runtime_error where the server does not answer as expected, and says so if it is dead.
  std::uint64_t create_run(const Plan& plan);
  Ledger ledger(std::uint64_t run);
  void forget(std::uint64_t run);

 private:
  std::string exchange(const char* method, const std::string& target, const std::string& body,
                       long expected_status);

  struct Control;  // the connection for all this
  std::unique_ptr<Control> control_;
  pid_t pid_ = -1;
  std::string host_;
  std::uint16_t port_ = 0;
};

}  // namespace fanbench
