// The methods of Connection that answer: what a request asks for is waited for, and sent.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "mock_server/net/connection.hpp"
#include "mock_server/net/websocket_rooms.hpp"
#include "mock_server/service/call_reply.hpp"
#include "mock_server/service/reply_log.hpp"

namespace fanbench::server {
namespace {

namespace asio = boost::asio;

// Pieces that are due at once go out together, up to about this.
constexpr std::size_t pieces_bytes = 64 * 1024;

}  // namespace

void Connection::handle() {
  form_ = {.http11 = parser_->http11, .keep_alive = parser_->keep_alive(), .head_only = parser_->head_only};
  Request request = std::move(parser_->request);
  parser_.reset();
  arrived_ = arrival();
  if (loop_.log) logged_ = std::make_unique<Request>(request);
  if (request.route.to == Route::To::call) return handle_call(request.route);
  if (request.route.to == Route::To::websocket) return upgrade(std::move(request));
  Answer reply;
  try {
    reply = loop_.service.answer(request);
  } catch (const std::exception& error) {  // out of memory for a ledger's text, most likely
    reply = {.status = 500, .body = std::string(error.what()) + '\n'};
  }
  answer(std::move(reply));
}

/// When the request that has just been parsed had come in full, by the kernel's stamp, so that the time for
/// which it waited to be read, or its connection to be accepted, is the server's lateness and not the
/// client's overhead. Not before the reply before it was written, for a pipelined request arrives then; and
/// not after now, for the conversion has an error.
Connection::Clock::time_point Connection::arrival() const {
  const auto now = Clock::now();
  if (!stamp_) return now;
  return std::clamp(loop_.shared.arrival_clock.steady(*stamp_), free_since_, now);
}

/// From here on the connection is a member of a room, and this object at its end.
void Connection::upgrade(Request request) {
  std::shared_ptr<LocalRun> run;
  if (request.route.run != 0 && !(run = loop_.service.find_run(request.route.run))) {
    return answer(Service::no_such_run());
  }
  if (!form_.http11 || !is_upgrade(request)) {
    return answer({.status = 426,
                   .body = "expected a WebSocket handshake, version 13\n",
                   .more_fields = "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"});
  }
  socket_.cancel();
  join_room(loop_, std::move(socket_), request, run ? run->run : nullptr);
  close();
}

// ------------------------------------------------------------------------------------------------ calls

void Connection::handle_call(const Route& route) {
  auto run = loop_.service.find_run(route.run);
  if (!run) return answer(Service::no_such_run());
  const Plan& plan = run->run->plan;
  if (route.cursor != planned_cursor(plan, route.id)) return answer(Service::wrong_cursor());
  const Attempt attempt = route.attempt ? *route.attempt : run->run->attempts.count(route.id);
  const PlannedReply planned = planned_reply(plan, route.id, attempt);
  if (planned.fault != Fault::slow_accept) return arrive(std::move(run), route.id, attempt, planned);
  wait_until(arrived_ + planned.over, State::unread,
             [run = std::move(run), id = route.id, attempt, planned](Connection& self) mutable {
               self.arrived_ = Clock::now();
               self.arrive(std::move(run), id, attempt, planned);
             });
}

void Connection::arrive(std::shared_ptr<LocalRun> run, CallId id, Attempt attempt,
                        const PlannedReply& planned) {
  call_.emplace(std::move(run), number_, id, attempt, arrived_, planned);  // from here on close() ends it
  state_ = State::queued;
  const bool admitted =
      !call_->is_bounded() || call_->admit([self = shared_from_this()](Clock::time_point given_up) {
        asio::post(self->timer_.get_executor(),
                   [self, given_up] { self->run_step([&] { self->on_granted(given_up); }); });
      });
  if (admitted) reply_at(call_->begun() + call_->planned.delay);
}

void Connection::on_granted(Clock::time_point given_up) {
  if (state_ != State::queued) return;  // closed meanwhile
  call_->begin(given_up);
  reply_at(call_->begun() + call_->planned.delay);
  parse_ahead();
}

void Connection::reply_to_call() {
  late_ = Clock::now() - due_;
  status_ = call_->planned.status;
  if (call_->planned.fault == Fault::reset) return send_and_reset(broken_head);
  loop_.output.clear();
  CallReply reply = append_call_reply(loop_.output, form_, *call_);
  lingers_ = reply.lingers;
  if (reply.stream) return start_stream(std::move(*reply.stream));
  write({}, reply.padding_bytes);
}

/// The planned reset of a call, after a few bytes more.
void Connection::send_and_reset(std::string_view last) {
  Error error;
  socket_.write_some(asio::buffer(last), error);
  if (error) return close();
  socket_.set_option(asio::socket_base::linger(true, 0), error);  // makes closing send RST
  end_call(Ending::reset, Clock::now());
  close();
}

void Connection::end_call(Ending ending, Clock::time_point now) {
  call_->end(ending, late_, now);
  call_.reset();
  loop_.stats.endings[static_cast<std::size_t>(ending)].add();
  if (ending != Ending::abandoned && ending != Ending::refused) loop_.stats.count_lateness(late_);
}

// ---------------------------------------------------------------------------------------- other requests

void Connection::answer(Answer answer) {
  if (!answer.delay) return answer_now(std::move(answer));
  const Nanoseconds delay = *answer.delay;
  delayed_answer_ = std::make_unique<Answer>(std::move(answer));
  reply_at(arrived_ + delay);
}

void Connection::answer_now(Answer answer) {
  loop_.output.clear();
  status_ = answer.status;
  if (answer.delay) {
    const Nanoseconds measured = Clock::now() - arrived_;
    answer.more_fields += timing_field(*answer.delay, measured);
    if (answer.body.empty() && !answer.stream) {
      answer.body = fmt::format("{:.3f} ms\n", std::chrono::duration<double, std::milli>(measured).count());
    }
  }
  if (answer.stream) {
    Stream& stream = *answer.stream;
    stream.chunked = stream.chunked && form_.http11;
    late_ = {};
    due_ = Clock::now();
    const bool known = stream.form == Stream::Form::body;
    if (!known && !form_.http11) form_.keep_alive = false;  // its end is the body's
    append_head(loop_.output, form_, answer.status, known ? std::optional(stream.bytes) : std::nullopt,
                answer.type, answer.more_fields);
    return start_stream(std::move(stream));
  }
  append_head(loop_.output, form_, answer.status, answer.body.size() + answer.padding_bytes, answer.type,
              answer.more_fields);
  write(std::move(answer.body), answer.padding_bytes);
}

// -------------------------------------------------------------------------------------------------- both

void Connection::reply_at(Clock::time_point due) {
  due_ = due;
  if (call_ && call_->planned.fault == Fault::hang) due = Clock::time_point::max();
  if (due <= arrived_) return reply_now();  // without leaving the callback that read the request
  wait_until(due, State::delayed, [](Connection& self) { self.reply_now(); });
}

void Connection::reply_now() {
  if (call_) return reply_to_call();
  answer_now(std::move(*std::exchange(delayed_answer_, nullptr)));
}

/// The head is in the loop's output.
void Connection::start_stream(Stream stream) {
  if (form_.head_only) return write();
  append_piece(loop_.output, stream);
  events_ = call_ && stream.form != Stream::Form::body ? 1 : 0;
  if (!stream.ended()) stream_ = std::make_unique<Stream>(std::move(stream));
  write();
}

void Connection::wait_for_piece() {
  wait_until(due_ + stream_->interval * stream_->next, State::streaming,
             [](Connection& self) { self.on_piece_due(); });
}

void Connection::on_piece_due() {
  const auto now = Clock::now();
  late_ = std::max<Nanoseconds>(late_, now - (due_ + stream_->interval * stream_->next));
  loop_.output.clear();
  events_ = 0;
  do {
    append_piece(loop_.output, *stream_);
    events_ += call_ && stream_->form != Stream::Form::body;
  } while (!stream_->ended() && due_ + stream_->interval * stream_->next <= now &&
           loop_.output.size() < pieces_bytes);
  write();
}

/// Sends what is in the loop's output, then `body`, then padding. Usually the socket takes it all at once.
void Connection::write(std::string body, std::size_t padding_bytes) {
  state_ = State::writing;
  since_ = loop_.tick;
  if (form_.head_only) {
    body.clear();
    padding_bytes = 0;
  }
  unsent_.set(loop_.output, std::move(body), padding_bytes);
  write_more();
}

void Connection::write_more() {
  Error error;
  const std::size_t sent = unsent_.send(socket_, error);
  if (error && error != asio::error::would_block) return close();
  if (sent > 0) since_ = loop_.tick;
  if (unsent_.is_sent()) return on_written();
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const Error& failed) {
    if (failed || self->state_ != State::writing) return;
    self->run_step([&] {
      self->write_more();
      self->parse_ahead();
    });
  });
}

void Connection::on_written() {
  loop_.stats.bytes_sent.add(unsent_.bytes());
  unsent_.release(loop_.output);
  if (events_ > 0) call_->run->run->events_sent += std::exchange(events_, 0);
  if (stream_ && !stream_->ended()) return wait_for_piece();
  finish_reply();
}

void Connection::finish_reply() {
  free_since_ = Clock::now();
  stream_.reset();
  loop_.stats.replies[status_ / 100].add();
  if (loop_.log) log_reply(loop_.log, number_, logged_.get(), status_, free_since_ - arrived_);
  logged_.reset();
  if (call_) {
    if (call_->ending == Ending::reset) return send_and_reset({});
    end_call(call_->ending, free_since_);
  }
  since_ = loop_.tick;
  if (!form_.keep_alive) return lingers_ ? linger() : close();
  state_ = State::reading;
}

}  // namespace fanbench::server
