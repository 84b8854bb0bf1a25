// recvmsg, for Asio passes no control messages on.
#include "mock_server/net/stamped_input.hpp"

#include <sys/socket.h>

#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace fanbench::server {
namespace {

std::optional<Nanoseconds> stamp_of(msghdr& message) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS) continue;
    std::timespec time{};
    std::memcpy(&time, CMSG_DATA(control), sizeof time);
    return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
  }
  return std::nullopt;
}

}  // namespace

void ask_for_stamps(int socket) noexcept {
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on,
               sizeof on);  // without it, the time of the read will do
}

StampedInput read_stamped(int socket, std::span<char> into) noexcept {
  iovec bytes{.iov_base = into.data(), .iov_len = into.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(std::timespec))> control;
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t count = 0;
  do {
    count = ::recvmsg(socket, &message, 0);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return {.error = {errno, boost::system::system_category()}};
  if (count == 0) return {.error = boost::asio::error::eof};
  return {.bytes = static_cast<std::size_t>(count), .stamp = stamp_of(message)};
}

}  // namespace fanbench::server
