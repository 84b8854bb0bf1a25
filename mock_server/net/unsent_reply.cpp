// Sends a reply in as few pieces as the socket takes it.
#include "mock_server/net/unsent_reply.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <utility>

namespace fanbench::server {
namespace {

namespace asio = boost::asio;

// Bodies up to about this go out from one piece of memory.
constexpr std::size_t inlined_padding_bytes = 4 * 1024;

constexpr auto padding = [] {
  std::array<char, 64 * 1024> bytes{};
  bytes.fill('.');
  return bytes;
}();

}  // namespace

void UnsentReply::set(std::string& head, std::string body, std::size_t padding_bytes) {
  sent_ = 0;
  head_.swap(head);
  body_ = std::move(body);
  const std::size_t inlined = body_.empty() ? std::min(padding_bytes, inlined_padding_bytes) : 0;
  head_.append(padding.data(), inlined);
  padding_bytes_ = padding_bytes - inlined;
}

std::size_t UnsentReply::send(Socket& socket, boost::system::error_code& error) {
  const std::size_t before = sent_;
  if (body_.empty() && padding_bytes_ == 0) {
    sent_ += socket.write_some(asio::buffer(head_) + sent_, error);
    return sent_ - before;
  }
  std::size_t gone = sent_;
  const auto rest = [&gone](asio::const_buffer buffer) {
    const std::size_t skip = std::min(gone, buffer.size());
    gone -= skip;
    return buffer + skip;
  };
  std::array<asio::const_buffer, 18> unsent{rest(asio::buffer(head_)), rest(asio::buffer(body_))};
  std::size_t left = padding_bytes_ - gone;
  for (std::size_t i = 2; i < unsent.size(); ++i) {
    unsent[i] = asio::buffer(padding, left);
    left -= unsent[i].size();
  }
  sent_ += socket.write_some(unsent, error);
  return sent_ - before;
}

void UnsentReply::release(std::string& head) {
  head_.swap(head);
  std::string().swap(head_);
  std::string().swap(body_);
  padding_bytes_ = sent_ = 0;
}

}  // namespace fanbench::server
