// Reads frames as they come, and keeps those that nobody has asked for.
#include "bench/ranks/relayed_party.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "bench/ranks/bytes.hpp"
#include "bench/ranks/frames.hpp"

namespace fanbench::ranks {
namespace {

constexpr std::size_t longest_message = std::size_t{1} << 30;  // MPI counts bytes in an int
constexpr const char* gone = "the launcher of the ranks is gone";

void write(int fd, const char* from, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::send(fd, from, size, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // whoever has gone may have left word: reading will tell
    from += written;
    size -= static_cast<std::size_t>(written);
  }
}

}  // namespace

std::uint32_t ranks_of_host(const Party& party) {
  const auto& hosts = party.hosts();
  return static_cast<std::uint32_t>(std::ranges::count(hosts, hosts[party.rank()]));
}

RelayedParty::RelayedParty(UniqueFd relay) : relay_(std::move(relay)) {
  ::fcntl(relay_.get(), F_SETFD, FD_CLOEXEC);  // nobody who is started from here has it
  const std::string said = control(hello);
  Reader reader(said);
  rank_ = reader.get<std::uint32_t>();
  const auto size = reader.get<std::uint32_t>();
  launcher_ = static_cast<pid_t>(reader.get<std::uint32_t>());
  std::string_view lines = std::string_view(said).substr(3 * sizeof(std::uint32_t));
  for (std::uint32_t rank = 0; rank < size; ++rank) {
    const auto end = std::min(lines.find('\n'), lines.size());
    hosts_.emplace_back(lines.substr(0, end));
    lines.remove_prefix(std::min(lines.size(), end + 1));
  }
  waiting_.resize(size);
}

void RelayedParty::send(std::uint32_t to, const std::string& message) {
  if (message.size() > longest_message)
    throw std::runtime_error(
        "what a rank has to tell of its run is more than 1 GiB: choose fewer calls for each rank");
  const FrameHead head{.peer = to, .size = message.size()};
  write(relay_.get(), reinterpret_cast<const char*>(&head), sizeof head);
  write(relay_.get(), message.data(), message.size());
}

std::string RelayedParty::receive(std::uint32_t from) {
  auto& waiting = waiting_.at(from);
  while (waiting.empty()) read_frame();
  std::string message = std::move(waiting.front());
  waiting.pop_front();
  return message;
}

std::vector<ClockOffset> RelayedParty::clocks() {
  send(the_relay, std::string(1, ranks::clocks));
  const std::string said = control(ranks::clocks);
  Reader reader(said);
  std::vector<ClockOffset> all(size());
  for (ClockOffset& clock : all) clock = reader.get<ClockOffset>();
  return all;
}

/// What the relay says of this, without its letter.
std::string RelayedParty::control(char letter) {
  for (;;) {
    for (auto it = of_relay_.begin(); it != of_relay_.end(); ++it) {
      if (it->front() != letter) continue;
      std::string said = it->substr(1);
      of_relay_.erase(it);
      return said;
    }
    read_frame();
  }
}

void RelayedParty::read(char* into, std::size_t size) {
  while (size > 0) {
    const ssize_t came = ::recv(relay_.get(), into, size, 0);
    if (came < 0 && errno == EINTR) continue;
    if (came <= 0) throw Lost(gone);
    into += came;
    size -= static_cast<std::size_t>(came);
  }
}

void RelayedParty::read_frame() {
  FrameHead head;
  read(reinterpret_cast<char*>(&head), sizeof head);
  std::string bytes(head.size, '\0');
  read(bytes.data(), bytes.size());
  if (head.peer < waiting_.size()) {
    waiting_[head.peer].push_back(std::move(bytes));
  } else if (head.peer == the_relay && !bytes.empty()) {
    if (bytes.front() == lost) throw Lost(bytes.substr(1));
    of_relay_.push_back(std::move(bytes));
  }
}

}  // namespace fanbench::ranks
