// What a connection does with requests: calls go through the run's gate, wait, and are answered as planned.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "mock_server/net/connection.hpp"
#include "mock_server/runs/rooms.hpp"

namespace fanbench {

namespace asio = boost::asio;

void Connection::handle() {
  terms_ = {.http11 = parser_->http11, .keep_alive = parser_->keep_alive(), .head_only = parser_->head_only};
  Request request = std::move(parser_->request);
  parser_.reset();
  arrived_ = Clock::now();
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

/// From here on the connection is a member of a room, and this object at its end.
void Connection::upgrade(Request request) {
  std::shared_ptr<LocalRun> run;
  if (request.route.run != 0 && !(run = loop_.service.find_run(request.route.run))) {
    return answer(Service::no_such_run());
  }
  if (!terms_.http11 || !is_upgrade(request)) {
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
  planned_ = planned_reply(plan, route.id, route.attempt);
  if (planned_.fault != Fault::slow_accept) return arrive(std::move(run), route.id, route.attempt);
  when(arrived_ + planned_.over, State::unread,
       [run = std::move(run), id = route.id, attempt = route.attempt](Connection& self) mutable {
         self.arrived_ = Clock::now();
         self.arrive(std::move(run), id, attempt);
       });
}

void Connection::arrive(std::shared_ptr<LocalRun> run, CallId id, Attempt attempt) {
  call_ = run->ledger->arrive(id, attempt, number_, arrived_, planned_.delay);
  run_ = std::move(run);  // from here on close() ends the call
  ending_ = Ending::completed;
  if (auto& gate = run_->run->gate) return pass_gate(*gate);
  reply_at(arrived_ + planned_.delay);
}

void Connection::pass_gate(Gate& gate) {
  if (const Nanoseconds wait = gate.admit(arrived_); wait > wait.zero()) {
    planned_.status = 429;
    planned_.fault = Fault::none;
    planned_.retry_after = wait;
    ending_ = Ending::refused;
    return reply_at(arrived_);
  }
  waiter_ = std::make_unique<Waiter>([self = shared_from_this()] {
    asio::post(self->timer_.get_executor(), [self] { self->run_step([&] { self->granted(); }); });
  });
  state_ = State::queued;
  if (!gate.take(*waiter_)) return;
  waiter_.reset();
  has_slot_ = true;
  reply_at(arrived_ + planned_.delay);
}

void Connection::granted() {
  if (state_ != State::queued) return;  // closed meanwhile
  waiter_.reset();
  has_slot_ = true;
  const auto now = Clock::now();
  run_->ledger->begin(call_, now - arrived_);
  reply_at(now + planned_.delay);
  parse_ahead();
}

void Connection::leave_gate() {
  auto& gate = run_->run->gate;
  if (has_slot_ || (waiter_ && !gate->leave(*waiter_))) gate->release();
  waiter_.reset();
  has_slot_ = false;
}

void Connection::reply_at(Clock::time_point due) {
  due_ = due;
  if (planned_.fault == Fault::hang) due = Clock::time_point::max();
  if (due <= arrived_) return reply_now();  // without leaving the callback that read the request
  when(due, State::delayed, [](Connection& self) { self.reply_now(); });
}

void Connection::reply_now() {
  if (run_) return reply_to_call();
  answer_now(std::move(*std::exchange(later_, nullptr)));
}

void Connection::reply_to_call() {
  late_ = Clock::now() - due_;
  loop_.output.clear();
  status_ = planned_.status;
  if (planned_.fault == Fault::reset) return send_and_reset(broken_head);
  if (planned_.fault == Fault::garbage) {
    loop_.output = not_http;
    terms_.keep_alive = false;
    lingers_ = true;
    ending_ = Ending::garbage;
    return write();
  }
  const Plan& plan = run_->run->plan;
  if (plan.stream.events > 0 && planned_.status == 200 && is_whole(planned_) &&
      planned_.fault != Fault::drip) {
    if (!terms_.http11) terms_.keep_alive = false;  // its end is the body's
    append_head(loop_.output, terms_, 200, std::nullopt, plan.stream.sse ? event_type : text_type, {});
    Stream stream{.form = plan.stream.sse ? Stream::Form::events : Stream::Form::lines,
                  .chunked = terms_.http11,
                  .pieces = plan.stream.events,
                  .interval = plan.stream.interval};
    append_call_body(stream.text, planned_);
    return start_stream(std::move(stream));
  }
  append_call_head(loop_.output, terms_, *run_->run, planned_);
  if (terms_.head_only) return write();
  const std::size_t head_bytes = loop_.output.size();
  append_call_body(loop_.output, planned_);
  const std::size_t begun = loop_.output.size() - head_bytes;
  if (planned_.fault == Fault::drip) {
    Stream stream = drip(plan.body_bytes, planned_.over, std::string_view(loop_.output).substr(head_bytes));
    loop_.output.resize(head_bytes);
    return start_stream(std::move(stream));
  }
  if (planned_.fault == Fault::cut || planned_.fault == Fault::reset_body) {
    ending_ = planned_.fault == Fault::cut ? Ending::cut : Ending::reset;
    terms_.keep_alive = false;
    lingers_ = planned_.fault == Fault::cut;
    const std::size_t half = plan.body_bytes / 2;
    loop_.output.resize(head_bytes + std::min(begun, half));
    return write({}, half - std::min(begun, half));
  }
  write({}, plan.body_bytes - begun);
}

void Connection::end_call(Ending ending) {
  const std::shared_ptr<LocalRun> run = run_;
  if (run->run->gate) leave_gate();
  run_.reset();
  run->ledger->end(call_, ending, late_, Clock::now());
  loop_.stats.endings[static_cast<std::size_t>(ending)].add();
  if (ending != Ending::abandoned && ending != Ending::refused) loop_.stats.count_lateness(late_);
}

// ---------------------------------------------------------------------------------------- other requests

void Connection::answer(Answer answer) {
  if (!answer.delay) return answer_now(std::move(answer));
  planned_ = {};
  const Nanoseconds delay = *answer.delay;
  later_ = std::make_unique<Answer>(std::move(answer));
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
    stream.chunked = stream.chunked && terms_.http11;
    late_ = {};
    due_ = Clock::now();
    const bool known = stream.form == Stream::Form::body;
    if (!known && !terms_.http11) terms_.keep_alive = false;  // its end is the body's
    append_head(loop_.output, terms_, answer.status, known ? std::optional(stream.bytes) : std::nullopt,
                answer.type, answer.more_fields);
    return start_stream(std::move(stream));
  }
  append_head(loop_.output, terms_, answer.status, answer.body.size() + answer.padding_bytes, answer.type,
              answer.more_fields);
  write(std::move(answer.body), answer.padding_bytes);
}

}  // namespace fanbench
