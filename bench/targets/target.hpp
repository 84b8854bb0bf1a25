// Where a case's calls go, and who says what arrived there.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/targets/address.hpp"
#include "bench/targets/clock.hpp"
#include "bench/targets/ledger.hpp"
#include "mock_server/plan/plan.hpp"

namespace fanbench {

/// A fanbench server, whoever started it. What is asked of it throws std::runtime_error where it does not
/// answer as expected: one line.
class Target {
 public:
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  virtual ~Target();

  /// Where the calls can go. At least one.
  const std::vector<Address>& addresses() const noexcept { return addresses_; }
  const std::string& host() const noexcept { return addresses_.front().host; }
  std::uint16_t port() const noexcept { return addresses_.front().port; }
  /// Whether the ledger's times are of the client's clock.
  SharedClock clock() const noexcept { return clock_; }
  /// The server's process, a child of this one; nothing where it is somebody else's, whose CPU is not ours to
  /// read.
  virtual std::optional<pid_t> process() const noexcept { return std::nullopt; }

  /// Opens a run that obeys the plan; returns its number, from 1 on.
  std::uint64_t create_run(const Plan& plan);
  /// What was seen of the run so far.
  Ledger ledger(std::uint64_t run);
  /// The same once the ends of all its calls were seen, and messages were brought: connections that were
  /// given up reach the server a moment later. As it is after two seconds where some never end.
  Ledger settled_ledger(std::uint64_t run);
  void forget(std::uint64_t run);

 protected:
  /// What came of a request; status 0: no reply came, and `body` says why.
  struct Answer {
    long status = 0;
    std::string body;
    bool connected = false;
  };

  Target();
  void listens_at(std::vector<Address> addresses);
  Answer ask(const char* method, const std::string& target, const std::string& body = {});
  /// Why nothing is answered any more; empty: not known.
  virtual std::string cause_of_silence() { return {}; }

 private:
  std::string exchange(const char* method, const std::string& target, const std::string& body,
                       long expected_status);

  struct Connection;  // over which all this is asked
  std::unique_ptr<Connection> connection_;
  std::vector<Address> addresses_;
  SharedClock clock_;
};

}  // namespace fanbench
