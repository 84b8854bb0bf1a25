// What the two native clients, blocking and awaitable, have in common: the bytes sent and the reply read.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <string>

#include "impls/http/request.hpp"

namespace fanbench::native {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Parser = http::response_parser<http::string_body>;

using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

/// A connection, with what was read from it and not yet used.
struct Connection {
  Socket socket;
  beast::flat_buffer buffer{};
};

/// The same bytes as libcurl sends.
inline std::string message_of(const Request& request, const std::string& host) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\nAccept: */*\r\n\r\n", target_of(request), host);
}

inline Reply reply_of(const Parser& parser) {
  const auto& message = parser.get();
  Reply reply{.verdict = verdict_of(message.result_int()),
              .status = static_cast<std::uint16_t>(message.result_int()),
              .answer = answer_of(message.body()),
              .more = more_of(message.body())};
  if (reply.verdict != Verdict::ok) {
    reply.retry_after = retry_after_of(message["Retry-After-Ms"], message["Retry-After"]);
  }
  return reply;
}

}  // namespace fanbench::native
