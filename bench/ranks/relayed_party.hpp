// The other ranks by way of a relay: see frames.hpp.
#pragma once

#include <deque>

#include "bench/ranks/party.hpp"
#include "impls/unique_fd.hpp"

namespace fanbench::ranks {

class RelayedParty final : public Party {
 public:
  /// `relay`: a socket to it. Waits for its hello. Throws Lost.
  explicit RelayedParty(UniqueFd relay);

  std::uint32_t rank() const override { return rank_; }
  std::uint32_t size() const override { return static_cast<std::uint32_t>(hosts_.size()); }
  const std::vector<std::string>& hosts() const override { return hosts_; }
  pid_t launcher() const override { return launcher_; }
  void send(std::uint32_t to, const std::string& message) override;
  std::string receive(std::uint32_t from) override;
  std::vector<ClockOffset> clocks() override;

 private:
  void read(char* into, std::size_t size);
  void read_frame();
  std::string control(char letter);

  UniqueFd relay_;
  std::uint32_t rank_ = 0;
  pid_t launcher_ = 0;
  std::vector<std::string> hosts_;
  std::vector<std::deque<std::string>> waiting_;  // by rank: what came and was not asked for yet
  std::deque<std::string> of_relay_;
};

}  // namespace fanbench::ranks
