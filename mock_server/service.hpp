// What requests mean: runs, their calls and their ledgers. Knows nothing of sockets and timers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "mock_server/ledger.hpp"
#include "mock_server/plan.hpp"
#include "mock_server/route.hpp"

namespace fanbench {

struct Run {
  std::uint64_t number = 0;
  Plan plan;
  Ledger ledger;
  std::string ok_head;  // what a 200 on a kept HTTP/1.1 connection begins with: all but the body
};

/// An answer that can be given at once.
struct Answer {
  std::uint16_t status = 200;
  std::string body{};
  std::string_view type = "text/plain";
  std::string more_fields{};  // header lines, each with its end of line
};

/// What the request's head says of the reply's form.
struct Terms {
  bool http11 = true;
  bool keep_alive = true;
  bool head_only = false;  // HEAD: the body is announced, and not sent
};

/// Appends a reply's status line and header. `more_fields` as in Answer.
void append_head(std::string& out, Terms terms, std::uint16_t status, std::size_t body_bytes,
                 std::string_view type, std::string_view more_fields);
/// Appends the reply to a call, up to and including its answer and, where the chain goes on, the '+'. The
/// body's other bytes, '.', are the caller's to send.
void append_call_reply(std::string& out, Terms terms, const Run& run, const PlannedReply& reply);
/// Appends what goes out before a planned reset.
void append_broken_reply(std::string& out);
/// Appends the reply to /delay: the wait that was asked for, and the one that was measured.
void append_delay_reply(std::string& out, Terms terms, Nanoseconds requested, Nanoseconds measured);

/// For one thread.
class Service {
 public:
  using Connection = Ledger::ConnectionNumber;

  Connection add_connection() { return ++open_connections_, next_connection_++; }
  void remove_connection() { --open_connections_; }
  std::size_t open_connections() const { return open_connections_; }

  /// Any route but a call or a delay. Never throws for what a client may send.
  Answer answer(const Route& route, const std::string& body);
  /// Null where there is no such run. A run that is deleted lives on until its open calls have ended.
  std::shared_ptr<Run> find_run(std::uint64_t number) const;
  static Answer no_such_run();
  static Answer wrong_cursor();
  /// The next delay of a stand-alone /delay request. Throws PlanError.
  Nanoseconds draw_delay(std::string_view delay);

 private:
  Answer create_run(const std::string& body);

  std::map<std::uint64_t, std::shared_ptr<Run>> runs_;
  std::uint64_t last_run_ = 0;
  Connection next_connection_ = 0;
  std::size_t open_connections_ = 0;
  CallId delays_drawn_ = 0;
};

}  // namespace fanbench
