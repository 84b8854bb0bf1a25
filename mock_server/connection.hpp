// One client's connection: requests in, replies out at the time that the plan says.
#pragma once

#include <array>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "mock_server/request_parser.hpp"
#include "mock_server/service.hpp"

namespace fanbench {

// The loop's own executor: any_io_executor would add an indirection to every operation.
using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
using Timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

class Connection;
using ConnectionHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using ConnectionList = boost::intrusive::list<Connection, boost::intrusive::base_hook<ConnectionHook>,
                                              boost::intrusive::constant_time_size<false>>;

/// What all connections of one loop share; one thread's. More threads would have a Loop each, and a ledger
/// per loop.
struct Loop {
  Service service;
  // Bytes pass through these two, so that a connection that waits owns no buffers: ten thousand of them are
  // small.
  std::array<char, 64 * 1024> input;
  std::string output;
  bool draining = false;                 // connections close after the reply that they are at
  std::function<void()> on_last_closed;  // while draining
  ConnectionList connections;
};

/// A state machine of plain callbacks, kept alive by the operation that it waits for. It waits for input at
/// all times, also during a delay, and so notices at once when the client goes away.
///
/// Pipelined requests are answered one after another: the next one arrives, as the ledger sees it, when the
/// one before has been answered.
class Connection : public std::enable_shared_from_this<Connection>, public ConnectionHook {
 public:
  Connection(Loop& loop, Socket socket);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  void start();
  /// Closes now, or after the reply that is under way.
  void drain();

 private:
  enum class State : std::uint8_t {
    reading,    // a request, or the wait for one
    delayed,    // until a reply is due
    writing,    // a reply that the socket did not take at once
    lingering,  // all is said; reads on so that the client gets to read it
    closed,
  };
  using Clock = std::chrono::steady_clock;
  using Error = boost::system::error_code;

  template <class Step>
  void run_step(Step step);

  void wait_readable();
  void on_readable();
  void on_input_end(bool orderly);
  std::size_t parse(std::string_view input);
  void parse_ahead();
  void continue_body();
  void refuse(const Error& error);

  void handle();
  void handle_call(const Route& route);
  void handle_delay(const Route& route);
  void reply_when_due();
  void reply_now();
  void answer(Answer answer);

  void write(std::string body = {}, std::size_t padding_bytes = 0);
  void write_more();
  void finish_reply();
  void reset_connection();
  void linger();
  void close();

  Loop& loop_;
  Socket socket_;
  Timer timer_;
  const Service::Connection number_;
  State state_ = State::reading;
  bool waiting_readable_ = false;
  bool lingers_ = false;  // after this reply: the client may still be sending
  Terms terms_;

  std::optional<RequestParser> parser_;
  std::string unparsed_;  // part of a request, or requests read ahead

  // The delayed reply. `run_` is null for /delay.
  std::shared_ptr<Run> run_;
  std::size_t call_ = 0;
  PlannedReply planned_;
  Clock::time_point arrived_, sent_;

  // The reply being written: head_, body_ and padding, of which written_ bytes are gone.
  std::string head_, body_;
  std::size_t padding_bytes_ = 0, written_ = 0;
};

}  // namespace fanbench
