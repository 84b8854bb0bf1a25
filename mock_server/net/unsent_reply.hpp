// What of a reply the socket has not taken yet.
#pragma once

#include <cstddef>
#include <string>

#include "mock_server/net/loop.hpp"

namespace fanbench::server {

/// A head, which may have a body with it, another body, and '.' after them.
class UnsentReply {
 public:
  /// Takes `head`, and leaves its own empty memory in its place.
  void set(std::string& head, std::string body, std::size_t padding_bytes);
  /// Sends what the socket takes at once. Returns how many bytes that was.
  std::size_t send(Socket& socket, boost::system::error_code& error);
  bool is_sent() const { return sent_ == bytes(); }
  std::size_t bytes() const { return head_.size() + body_.size() + padding_bytes_; }
  /// Gives the memory back: what was the head's to `head`, for the next reply.
  void release(std::string& head);

 private:
  std::string head_, body_;
  std::size_t padding_bytes_ = 0, sent_ = 0;
};

}  // namespace fanbench::server
