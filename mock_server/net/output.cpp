// Replies on their way: what the socket does not take at once, and bodies that come in pieces.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <nlohmann/json.hpp>
#include <utility>

#include "mock_server/net/connection.hpp"

namespace fanbench {
namespace {

namespace asio = boost::asio;

// Bodies up to about this go out from one piece of memory.
constexpr std::size_t inlined_padding_bytes = 4 * 1024;
// Pieces that are due at once go out together, up to about this.
constexpr std::size_t pieces_bytes = 64 * 1024;

constexpr auto padding = [] {
  std::array<char, 64 * 1024> bytes{};
  bytes.fill('.');
  return bytes;
}();

}  // namespace

/// Sends what is in the loop's output, then `body`, then padding. Usually the socket takes it all at once.
void Connection::write(std::string body, std::size_t padding_bytes) {
  state_ = State::writing;
  since_ = loop_.tick;
  written_ = 0;
  head_.swap(loop_.output);
  body_.clear();
  padding_bytes_ = 0;
  if (!terms_.head_only) {
    body_ = std::move(body);
    const std::size_t inlined = body_.empty() ? std::min(padding_bytes, inlined_padding_bytes) : 0;
    head_.append(padding.data(), inlined);
    padding_bytes_ = padding_bytes - inlined;
  }
  write_more();
}

void Connection::write_more() {
  Error error;
  const std::size_t before = written_;
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
  if (written_ > before) since_ = loop_.tick;
  if (written_ == head_.size() + body_.size() + padding_bytes_) return written();
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const Error& failed) {
    if (failed || self->state_ != State::writing) return;
    self->run_step([&] {
      self->write_more();
      self->parse_ahead();
    });
  });
}

void Connection::written() {
  loop_.stats.bytes_sent.add(written_);
  head_.swap(loop_.output);  // gives its memory back to the next reply
  std::string().swap(head_);
  std::string().swap(body_);
  if (stream_ && !stream_->ended()) return wait_for_piece();
  finish_reply();
}

// ---------------------------------------------------------------------------------------------- streams

/// The head is in the loop's output.
void Connection::start_stream(Stream stream) {
  if (terms_.head_only) return write();
  append_piece(loop_.output, stream);
  if (!stream.ended()) stream_ = std::make_unique<Stream>(std::move(stream));
  write();
}

void Connection::wait_for_piece() {
  when(due_ + stream_->interval * stream_->next, State::streaming,
       [](Connection& self) { self.on_piece_due(); });
}

void Connection::on_piece_due() {
  const auto now = Clock::now();
  late_ = std::max<Nanoseconds>(late_, now - (due_ + stream_->interval * stream_->next));
  loop_.output.clear();
  do {
    append_piece(loop_.output, *stream_);
  } while (!stream_->ended() && due_ + stream_->interval * stream_->next <= now &&
           loop_.output.size() < pieces_bytes);
  write();
}

// -------------------------------------------------------------------------------------------------- end

void Connection::finish_reply() {
  stream_.reset();
  loop_.stats.replies[status_ / 100].add();
  if (loop_.log) log_reply();
  if (run_) {
    if (ending_ == Ending::reset) return send_and_reset({});
    end_call(ending_);
  }
  since_ = loop_.tick;
  if (!terms_.keep_alive) return lingers_ ? linger() : close();
  state_ = State::reading;
}

/// The planned reset of a call, after a few bytes more.
void Connection::send_and_reset(std::string_view last) {
  Error error;
  socket_.write_some(asio::buffer(last), error);
  if (error) return close();
  socket_.set_option(asio::socket_base::linger(true, 0), error);  // makes closing send RST
  end_call(Ending::reset);
  close();
}

void Connection::log_reply() {
  const auto quoted = [](const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
  };
  const auto now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - arrived_).count();
  const auto request = std::exchange(logged_, nullptr);  // null where it could not be parsed
  const std::string method = request ? request->method : "", target = request ? request->target : "";
  fmt::print(
      loop_.log,
      R"({{"time":"{:%FT%T}.{:06}Z","connection":{},"method":{},"target":{},"status":{},"duration_us":{}}})"
      "\n",
      fmt::gmtime(std::chrono::system_clock::to_time_t(now)), now.time_since_epoch().count() % 1'000'000,
      number_, quoted(method), quoted(target), status_, request ? us : 0);
}

}  // namespace fanbench
