// Reads, waits and writes; a request without delay is answered without leaving the callback that read it.
#include "mock_server/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/http/error.hpp>
#include <exception>
#include <utility>

namespace fanbench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

// Beyond this much input read ahead, the client is left to wait: memory stays bounded, and until it is
// answered a client that goes away is not noticed.
constexpr std::size_t max_ahead_bytes = 16 * 1024;
// Beast bounds headers and bodies, but not the trailer of a chunked body.
constexpr std::size_t max_unparsed_bytes = 64 * 1024;
// Bodies up to about this go out from one piece of memory.
constexpr std::size_t inlined_padding_bytes = 4 * 1024;
constexpr std::chrono::seconds longest_linger{2};

constexpr auto padding = [] {
  std::array<char, 64 * 1024> bytes{};
  bytes.fill('.');
  return bytes;
}();

}  // namespace

Connection::Connection(Loop& loop, Socket socket)
    : loop_(loop),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      number_(loop.service.add_connection()) {
  loop_.connections.push_back(*this);
}

Connection::~Connection() { close(); }

void Connection::start() {
  Error ignored;  // the client may have gone already: the first read will tell
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  wait_readable();
}

/// All handlers go through here: what goes wrong in one (memory, most likely) ends its connection and no
/// other.
template <class Step>
void Connection::run_step(Step step) {
  try {
    step();
  } catch (...) {
    close();
    throw;  // Server::run reports it
  }
}

// ------------------------------------------------------------------------------------------------ input

void Connection::wait_readable() {
  if (waiting_readable_ || state_ == State::closed) return;
  if (state_ != State::reading && unparsed_.size() >= max_ahead_bytes) return;
  waiting_readable_ = true;
  // Waiting, then reading into the loop's buffer, costs no more system calls than async_read_some, which
  // tries before it waits; and it needs no buffer of our own meanwhile.
  socket_.async_wait(Socket::wait_read, [self = shared_from_this()](const Error& error) {
    self->waiting_readable_ = false;
    if (error || self->state_ == State::closed) return;
    self->run_step([&] { self->on_readable(); });
  });
}

void Connection::on_readable() {
  Error error;
  const std::size_t bytes = socket_.read_some(asio::buffer(loop_.input), error);
  if (error && error != asio::error::would_block) return on_input_end(error == asio::error::eof);

  const std::string_view input(loop_.input.data(), bytes);
  if (state_ == State::reading && unparsed_.empty()) {
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
    terms_.keep_alive = false;  // if it is gone, writing will fail soon enough
    return;
  }
  close();
}

/// Parses and handles requests for as long as they can be answered at once. Returns the bytes used up.
std::size_t Connection::parse(std::string_view input) {
  std::size_t used = 0;
  while (state_ == State::reading && used < input.size()) {
    if (!parser_) parser_.emplace();
    Error error;
    used += parser_->put(asio::buffer(input.substr(used)), error);
    const bool needs_more = error == http::error::need_more;
    if (needs_more && input.size() - used > max_unparsed_bytes) error = http::error::header_limit;
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
  lingers_ = true;
  terms_ = {.keep_alive = false};
  parser_.reset();
  if (error == http::error::header_limit) {
    return answer({.status = 431, .body = "expected a request header of at most 8 KiB\n"});
  }
  if (error == http::error::body_limit)
    return answer({.status = 413, .body = "expected a body of at most 1 MiB\n"});
  answer({.status = 400, .body = "expected an HTTP/1.1 request: " + error.message() + '\n'});
}

// --------------------------------------------------------------------------------------------- requests

void Connection::handle() {
  terms_ = {.http11 = parser_->http11, .keep_alive = parser_->keep_alive(), .head_only = parser_->head_only};
  const Route route = std::move(parser_->route);
  const std::string body = std::move(parser_->body);
  parser_.reset();
  if (route.to == Route::To::call) return handle_call(route);
  if (route.to == Route::To::delay) return handle_delay(route);
  Answer reply;
  try {
    reply = loop_.service.answer(route, body);
  } catch (const std::exception& error) {  // out of memory for a ledger's text, most likely
    reply = {.status = 500, .body = std::string(error.what()) + '\n'};
  }
  answer(std::move(reply));
}

void Connection::handle_call(const Route& route) {
  auto run = loop_.service.find_run(route.run);
  if (!run) return answer(Service::no_such_run());
  if (const auto cursor = planned_cursor(run->plan, route.id); route.cursor != cursor) {
    return answer(Service::wrong_cursor());
  }
  planned_ = planned_reply(run->plan, route.id, route.attempt);
  arrived_ = Clock::now();
  call_ = run->ledger.arrive(route.id, route.attempt, number_, arrived_, planned_.delay);
  run_ = std::move(run);  // from here on close() ends the call
  reply_when_due();
}

void Connection::handle_delay(const Route& route) {
  try {
    planned_.delay = loop_.service.draw_delay(route.text);
  } catch (const PlanError& error) {
    return answer({.status = 400, .body = std::string(error.what()) + '\n'});
  }
  arrived_ = Clock::now();
  reply_when_due();
}

void Connection::reply_when_due() {
  if (planned_.delay == planned_.delay.zero()) return reply_now();
  state_ = State::delayed;
  timer_.expires_at(arrived_ + planned_.delay);
  timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (error || self->state_ != State::delayed) return;
    self->run_step([&] {
      self->reply_now();
      self->parse_ahead();
    });
  });
}

// ---------------------------------------------------------------------------------------------- replies

void Connection::reply_now() {
  sent_ = Clock::now();
  loop_.output.clear();
  if (!run_) {
    append_delay_reply(loop_.output, terms_, planned_.delay, sent_ - arrived_);
    return write();
  }
  if (planned_.status == Failures::reset) return reset_connection();
  append_call_reply(loop_.output, terms_, *run_, planned_);
  write({}, run_->plan.body_bytes - min_body_bytes - (planned_.goes_on ? 1 : 0));
}

void Connection::answer(Answer answer) {
  loop_.output.clear();
  append_head(loop_.output, terms_, answer.status, answer.body.size(), answer.type, answer.more_fields);
  write(std::move(answer.body));
}

/// Sends what is in the loop's output, then `body`, then padding. Usually the socket takes it all at once.
void Connection::write(std::string body, std::size_t padding_bytes) {
  state_ = State::writing;
  written_ = 0;
  head_.swap(loop_.output);
  body_.clear();
  padding_bytes_ = 0;
  if (!terms_.head_only) {
    body_ = std::move(body);
    const std::size_t inlined = std::min(padding_bytes, inlined_padding_bytes);
    head_.append(padding.data(), inlined);
    padding_bytes_ = padding_bytes - inlined;
  }
  write_more();
}

void Connection::write_more() {
  Error error;
  if (body_.empty() && padding_bytes_ == 0) {
    written_ += socket_.write_some(asio::buffer(head_) + written_, error);
  } else {
    std::size_t gone = written_;
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
    written_ += socket_.write_some(unsent, error);
  }
  if (error && error != asio::error::would_block) return close();
  if (written_ == head_.size() + body_.size() + padding_bytes_) return finish_reply();
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const Error& failed) {
    if (failed || self->state_ != State::writing) return;
    self->run_step([&] {
      self->write_more();
      self->parse_ahead();
    });
  });
}

void Connection::finish_reply() {
  if (run_) run_->ledger.end(call_, Ending::completed, sent_, Clock::now());
  run_.reset();
  head_.swap(loop_.output);  // gives its memory back to the next reply
  std::string().swap(head_);
  std::string().swap(body_);
  if (!terms_.keep_alive) return lingers_ ? linger() : close();
  state_ = State::reading;
}

void Connection::reset_connection() {
  append_broken_reply(loop_.output);
  Error error;
  socket_.write_some(asio::buffer(loop_.output), error);
  if (error) return close();
  socket_.set_option(asio::socket_base::linger(true, 0), error);  // makes closing send RST
  const std::shared_ptr<Run> run = std::move(run_);
  close();
  run->ledger.end(call_, Ending::reset, sent_, Clock::now());
}

/// Closing with input unread would send RST, which can destroy the reply before the client has read it.
void Connection::linger() {
  state_ = State::lingering;
  Error ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
  timer_.expires_after(longest_linger);
  timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (!error && self->state_ == State::lingering) self->close();
  });
}

void Connection::drain() {
  if (state_ == State::reading || state_ == State::lingering) return close();
  terms_.keep_alive = false;
}

void Connection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  if (run_) {
    const auto now = Clock::now();
    run_->ledger.end(call_, Ending::abandoned, now, now);
    run_.reset();
  }
  timer_.cancel();
  Error ignored;
  socket_.close(ignored);
  unlink();
  loop_.service.remove_connection();
  if (loop_.draining && loop_.connections.empty()) loop_.on_last_closed();
}

}  // namespace fanbench
