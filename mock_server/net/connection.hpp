// One client's connection: requests in, replies out at the time that the plan says.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mock_server/http/request_parser.hpp"
#include "mock_server/net/loop.hpp"
#include "mock_server/net/unsent_reply.hpp"
#include "mock_server/runs/open_call.hpp"

namespace fanbench::server {

/// A state machine of plain callbacks, kept alive by the operation that it waits for. It waits for input at
/// all times, also during a delay, and so notices at once when the client goes away.
///
/// Pipelined requests are answered one after another: the next one arrives, as the ledger sees it, when the
/// one before has been answered.
class Connection : public std::enable_shared_from_this<Connection>, public Hook {
 public:
  /// `number`: as connections are numbered by the whole server.
  Connection(Loop& loop, Socket socket, Ledger::ConnectionNumber number);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void start();
  /// Instead of start(): tells the client that there are too many, and closes.
  void turn_away();
  /// Closes now, or after the reply that is under way.
  void drain();
  /// Closes what has taken too long.
  void check_time();
  void close();

 private:
  enum class State : std::uint8_t {
    reading,    // a request, or the wait for one
    unread,     // as if it had not been accepted yet
    queued,     // until the run has a slot for the call
    delayed,    // until a reply is due
    writing,    // a reply that the socket did not take at once
    streaming,  // until the next piece of a body is due
    lingering,  // all is said; reads on so that the client gets to read it
    closed,
  };
  using Clock = std::chrono::steady_clock;
  using Error = boost::system::error_code;

  // connection.cpp: reads requests, and ends
  template <class Step>
  void run_step(Step step);
  void wait_readable();
  void on_readable();
  void on_input_end(bool orderly);
  std::size_t parse(std::string_view input);
  void parse_ahead();
  void continue_body();
  void refuse(const Error& error);
  void refuse(Answer answer);
  void linger();

  // connection_replies.cpp: answers
  void handle();
  Clock::time_point arrival() const;
  void upgrade(Request request);
  void handle_call(const Route& route);
  void arrive(std::shared_ptr<LocalRun> run, CallId id, Attempt attempt, const PlannedReply& planned);
  void on_granted(Clock::time_point given_up);
  void reply_to_call();
  void send_and_reset(std::string_view last);
  void end_call(Ending ending, Clock::time_point now);
  void answer(Answer answer);
  void answer_now(Answer answer);
  void reply_at(Clock::time_point due);
  void reply_now();
  void start_stream(Stream stream);
  void wait_for_piece();
  void on_piece_due();
  void write(std::string body = {}, std::size_t padding_bytes = 0);
  void write_more();
  void on_written();
  void finish_reply();

  template <class Step>
  void wait_until(Clock::time_point time, State state, Step step);

  Loop& loop_;
  Socket socket_;
  Timer timer_;
  const Ledger::ConnectionNumber number_;
  State state_ = State::reading;
  bool waiting_readable_ = false;
  bool lingers_ = false;      // after this reply: the client may still be sending
  std::uint16_t status_ = 0;  // of the reply
  ReplyForm form_;
  std::uint32_t since_ = 0;  // loop tick at which what may time out began

  std::optional<RequestParser> parser_;
  std::string unparsed_;              // part of a request, or requests read ahead
  std::optional<Nanoseconds> stamp_;  // the kernel's, of what was read last
  Clock::time_point free_since_{};    // the reply before has been written

  // What is being answered: a call, or another request, which may have its answer wait.
  std::optional<OpenCall> call_;
  std::unique_ptr<Answer> delayed_answer_;
  Clock::time_point arrived_, due_;
  Nanoseconds late_{};
  std::unique_ptr<Request> logged_;  // the request, where replies are logged

  UnsentReply unsent_;
  std::unique_ptr<Stream> stream_;  // what is still to come of a body in pieces
  std::uint32_t events_ = 0;        // of a call's stream, in what is being written
};

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

/// Does `step` at that time, if the state is still the same; and then what the client has asked for
/// meanwhile.
template <class Step>
void Connection::wait_until(Clock::time_point time, State state, Step step) {
  state_ = state;
  timer_.expires_at(time);
  timer_.async_wait([self = shared_from_this(), state, step = std::move(step)](const Error& error) mutable {
    if (error || self->state_ != state) return;
    self->run_step([&] {
      step(*self);
      self->parse_ahead();
    });
  });
}

}  // namespace fanbench::server
