// The ring's own HTTP client.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "impls/contract/model.hpp"
#include "impls/http/native/message.hpp"
#include "impls/unique_fd.hpp"
#include "impls/uring/buffers.hpp"
#include "impls/uring/cancel_scope.hpp"
#include "impls/uring/task.hpp"

namespace fanbench::uring {

namespace asio = boost::asio;

class Dealt;
class Lane;

/// Idle connections are shared by all calls, the last used first. The kernel was asked once to hand over
/// whatever comes on a connection, so that a call is one entry for its request.
class Client {
 public:
  Client(const Setup& setup, Loop& loop);
  ~Client();

  class Call;
  /// To be awaited: the reply. A call that its scope gives up is cancelled, and its connection closed.
  Call get(const Request& request, CancelScope* scope = nullptr);
  /// Calls are made here and by these, wherever the fewest are under way; who awaits them is here. They
  /// outlive all calls.
  void deal_out_to(std::deque<Lane>& others);
  /// Opens connections until so many are idle; nothing where connections are not kept. Throws
  /// std::runtime_error where the server does not answer.
  Task<> warm(std::uint32_t connections);
  /// Runs the loop until the connections that are not kept are closed.
  void finish_closing();

 private:
  class Connection;

  void begin(Call& call);
  void begin_here(Call& call);
  void remove(Connection& connection);

  Loop& loop_;
  asio::ip::tcp::endpoint server_;
  std::string host_;
  bool reuse_;
  Buffers buffers_;
  std::deque<Lane>* others_ = nullptr;
  std::vector<std::uint32_t> under_way_;                  // calls here, and of each of them
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  std::vector<Connection*> idle_;
  std::size_t closing_ = 0;
  bool all_closed_ = true;
};

/// A call that is awaited.
class Client::Call final : Cancellable {
 public:
  Call(Client& client, const Request& request, CancelScope* scope)
      : client_(client), request_(request), scope_(scope) {}

  bool await_ready() noexcept {
    if (scope_ && scope_->cancelled()) reply_.verdict = Verdict::cancelled;
    return reply_.verdict != Verdict::none;
  }
  void await_suspend(std::coroutine_handle<> by) {
    ready_.coroutine = by;
    if (scope_) scope_->add(*this);
    client_.begin(*this);
  }
  Reply await_resume() const noexcept { return reply_; }

 private:
  friend class Client;
  friend class Dealt;
  void cancel() override;
  void end(const Reply& reply) {
    Cancellable::unlink();
    if (client_.others_) --client_.under_way_[lane_];
    reply_ = reply;
    client_.loop_.go_on(ready_);
  }

  Client& client_;
  Request request_;
  CancelScope* scope_;
  Connection* connection_ = nullptr;
  Dealt* dealt_ = nullptr;  // to another lane
  std::uint32_t lane_ = 0;
  Reply reply_{};
  Ready ready_;
};

inline Client::Call Client::get(const Request& request, CancelScope* scope) {
  return Call(*this, request, scope);
}

}  // namespace fanbench::uring
