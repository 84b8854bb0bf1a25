// What the native clients have in common: the bytes sent and the reply read.
#pragma once

#include <algorithm>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional.hpp>
#include <string>

#include "impls/http/request.hpp"

namespace fanbench::native {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Error = beast::error_code;

using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;

/// A connection, with what was read from it and not yet used.
struct Connection {
  Socket socket;
  beast::flat_buffer buffer{};
};

/// Beast's parser, keeping of a reply what is asked of it. Beast's own response_parser allocates each field,
/// and the whole body.
class ReplyParser final : public http::basic_parser<false> {
 public:
  explicit ReplyParser(BodyReader* reader) : reader_(reader) {
    if (reader_) reader_->begin();
    body_limit(boost::none);
    eager(true);  // of the body, too, all that is there
  }

  /// A reply of status 1xx, which comes before the real one.
  bool interim() const { return is_done() && status_ / 100 == 1; }
  bool whole() const { return is_done() && !interim(); }
  /// For what follows an interim reply.
  ReplyParser next() const { return ReplyParser(reader_); }
  /// To be asked when it is whole().
  Reply reply() const { return reply_of(status_, retry_after_, body_.text(), reader_); }

 private:
  using View = beast::string_view;

  void on_response_impl(int status, View, int, Error&) override { status_ = static_cast<unsigned>(status); }
  void on_field_impl(http::field field, View name, View value, Error&) override {
    if (field == http::field::retry_after) retry_after_.take_seconds(value);
    if (field == http::field::unknown && beast::iequals(name, "Retry-After-Ms"))
      retry_after_.take_milliseconds(value);
  }
  std::size_t on_body_impl(View piece, Error&) override {
    body_.append(piece);
    if (reader_) reader_->read(piece);
    return piece.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View piece, Error& error) override {
    return on_body_impl(piece, error);
  }

  void on_request_impl(http::verb, View, View, int, Error&) override {}
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  void on_finish_impl(Error&) override {}

  BodyReader* reader_;
  unsigned status_ = 0;
  RetryAfter retry_after_;
  BodyBeginning body_;
};

/// Where the next bytes of a reply go: few at first, for ten thousand calls may wait; more after each read
/// that has filled its room, for a body may be long, and the next on this connection, too.
inline auto room_in(beast::flat_buffer& buffer) {
  constexpr std::size_t least_bytes = 256;
  return buffer.prepare(std::max(least_bytes, buffer.capacity() - buffer.size()));
}
inline void grow(beast::flat_buffer& buffer) {
  constexpr std::size_t most_bytes = 16 * 1024;  // as libcurl's
  buffer.reserve(std::min(most_bytes, 2 * buffer.capacity()));
}

/// Lets the parser take the bytes that a read has put there, or learn what ended it: the end of the
/// connection may be the end of the reply. Returns what is wrong.
inline Error take(ReplyParser& parser, beast::flat_buffer& buffer, std::size_t bytes, Error error) {
  if (error == asio::error::eof && parser.got_some()) {
    error = {};
    parser.put_eof(error);
    return error || parser.whole() ? error : make_error_code(http::error::partial_message);
  }
  if (error) return error;
  buffer.commit(bytes);
  const bool filled = buffer.size() == buffer.capacity();
  do {
    if (parser.interim()) parser = parser.next();
    buffer.consume(parser.put(buffer.data(), error));
  } while (!error && parser.interim() && buffer.size() > 0);
  if (filled && !parser.whole()) grow(buffer);
  return error == http::error::need_more ? Error() : error;
}

/// Whether the connection can carry another call, after a reply that is whole. Bytes that nobody asked for
/// would be taken for the next reply.
inline bool reusable(const ReplyParser& parser, const beast::flat_buffer& buffer) {
  return parser.keep_alive() && buffer.size() == 0;
}

}  // namespace fanbench::native
