// The mock server of a measurement: a process of its own, pinned apart from the client.
#pragma once

#include <filesystem>

#include "bench/targets/target.hpp"

namespace fanbench {

class MockServer final : public Target {
 public:
  /// Starts the program and waits until it is ready. `cpus`: where it is to run; none: where this thread may.
  /// It dies with this process. Throws std::runtime_error: what was started and what came of it.
  explicit MockServer(const std::filesystem::path& program, const std::vector<int>& cpus = {});
  /// Ends it, and waits for its end.
  ~MockServer() override;

  pid_t pid() const noexcept { return pid_; }
  std::optional<pid_t> process() const noexcept override {
    return pid_ < 0 ? std::nullopt : std::optional(pid_);
  }

 private:
  std::string cause_of_silence() override;

  pid_t pid_ = -1;
};

}  // namespace fanbench
