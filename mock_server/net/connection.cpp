// Reads requests; a request without delay is answered without leaving the callback that read it.
#include "mock_server/net/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "mock_server/net/stamped_input.hpp"

namespace fanbench::server {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// Beyond this much input read ahead, the client is left to wait: memory stays bounded, and until it is
// answered a client that goes away is not noticed.
constexpr std::size_t max_ahead_bytes = 16 * 1024;
// Beast bounds headers and bodies, but not the trailer of a chunked body.
constexpr std::size_t max_unparsed_bytes = 64 * 1024;
constexpr std::chrono::seconds longest_linger{2};

}  // namespace

Connection::Connection(Loop& loop, Socket socket, Ledger::ConnectionNumber number)
    : loop_(loop),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      number_(number),
      since_(loop.tick) {
  ++loop_.shared.open_connections;
  loop_.connections.push_back(*this);
}

Connection::~Connection() { close(); }

void Connection::start() {
  Error ignored;  // the client may have gone already: the first read will tell
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  wait_readable();
}

void Connection::turn_away() {
  Error ignored;
  socket_.non_blocking(true, ignored);
  loop_.stats.connections_refused.add();
  refuse({.status = 503,
          .body = "expected fewer connections: all that the server may have are taken\n",
          .more_fields = retry_fields(std::chrono::seconds(1))});
  wait_readable();
}

// ------------------------------------------------------------------------------------------------ input

void Connection::wait_readable() {
  if (waiting_readable_ || state_ == State::closed || state_ == State::unread) return;
  if (state_ != State::reading && unparsed_.size() >= max_ahead_bytes) return;
  waiting_readable_ = true;
  // Asio's reads pass no stamps on. The epoll_ctl of its async_wait tells at once of what has come already;
  // it takes the place of the read in vain that async_read_some begins with.
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const Error& error) {
    self->waiting_readable_ = false;
    if (self->state_ == State::closed || self->state_ == State::unread) return;
    self->run_step([&] { error ? self->close() : self->on_readable(); });
  });
}

void Connection::on_readable() {
  const StampedInput read = read_stamped(socket_.native_handle(), loop_.input);
  if (read.error == asio::error::would_block) return wait_readable();
  if (read.error) return on_input_end(read.error == asio::error::eof);
  stamp_ = read.stamp;
  const std::string_view input(loop_.input.data(), read.bytes);
  if (state_ == State::reading && unparsed_.empty()) {
    if (!parser_) since_ = loop_.tick;  // a request begins
    unparsed_.assign(input.substr(parse(input)));
  } else if (state_ != State::lingering) {
    unparsed_.append(input);
    return parse_ahead();
  }
  wait_readable();
}

/// A client that shuts down its sending side only is taken for gone as well: on the wire the two look the
/// same.
void Connection::on_input_end(bool orderly) {
  if (state_ == State::writing && orderly) {
    form_.keep_alive = false;  // if it is gone, writing will fail soon enough
    return;
  }
  close();
}

/// Parses and handles requests for as long as they can be answered at once. Returns the bytes used up.
std::size_t Connection::parse(std::string_view input) {
  std::size_t used = 0;
  while (state_ == State::reading && used < input.size()) {
    if (!parser_) parser_.emplace(loop_.limits.body_bytes, loop_.log != nullptr);
    Error error;
    used += parser_->put(asio::buffer(input.substr(used)), error);
    const bool needs_more = error == http::error::need_more;
    if (needs_more && input.size() - used > max_unparsed_bytes) error = http::error::header_limit;
    if (needs_more && parser_->lacks_version(input.substr(used))) error = http::error::bad_version;
    if (error && error != http::error::need_more) {
      refuse(error);
      return input.size();
    }
    if (parser_->is_done()) {
      handle();
    } else if (parser_->is_header_done() && parser_->expects_continue) {
      continue_body();
    }
    if (needs_more) break;
  }
  return used;
}

void Connection::parse_ahead() {
  if (state_ == State::reading && !unparsed_.empty()) {
    // Handling a request may end this connection's state in many ways, but never touches unparsed_.
    unparsed_.erase(0, parse(unparsed_));
  }
  if (unparsed_.empty()) std::string().swap(unparsed_);
  wait_readable();
}

void Connection::continue_body() {
  parser_->expects_continue = false;
  Error error;  // 25 bytes that an idle connection always takes; if it is broken, the next read tells
  socket_.write_some(asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n")), error);
}

void Connection::refuse(const Error& error) {
  if (error == http::error::header_limit) {
    return refuse({.status = 431, .body = "expected a request header of at most 8 KiB\n"});
  }
  if (error == http::error::body_limit) {
    return refuse({.status = 413,
                   .body = fmt::format("expected a body of at most {} bytes\n", loop_.limits.body_bytes)});
  }
  const std::string what =
      parser_->wrong_host ? "one Host field, and none or one in HTTP/1.0" : error.message();
  refuse({.status = 400, .body = "expected an HTTP/1.1 request: " + what + '\n'});
}

/// Where the client can't be made sense of any more: the answer is the last.
void Connection::refuse(Answer answer) {
  lingers_ = true;
  form_ = {.keep_alive = false};
  parser_.reset();
  answer_now(std::move(answer));
}

// -------------------------------------------------------------------------------------------------- end

/// Closing with input unread would send RST, which can destroy the reply before the client has read it.
void Connection::linger() {
  Error ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  wait_until(Clock::now() + longest_linger, State::lingering, [](Connection& self) { self.close(); });
}

void Connection::drain() {
  if (state_ == State::reading || state_ == State::unread || state_ == State::lingering) return close();
  form_.keep_alive = false;
}

void Connection::check_time() {
  const std::uint32_t ticks = loop_.tick - since_;
  if (state_ == State::reading && parser_ && ticks > loop_.limits.request_ticks) {
    loop_.stats.timeouts.add();
    return run_step([&] {
      refuse({.status = 408, .body = "expected the whole request sooner\n"});
      wait_readable();
    });
  }
  if (((state_ == State::reading && !parser_) || state_ == State::writing) &&
      ticks > loop_.limits.idle_ticks) {
    loop_.stats.timeouts.add();
    close();
  }
}

void Connection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  if (call_) end_call(Ending::abandoned, Clock::now());
  timer_.cancel();
  Error ignored;
  socket_.close(ignored);
  unlink();
  --loop_.shared.open_connections;
  loop_.closed();
}

}  // namespace fanbench::server
