// A further loop, with a thread and a client of its own, to which calls are dealt out. The two loops tell
// each other what there is to do by messages from ring to ring: entries like any others.
#pragma once

#include <exception>
#include <functional>
#include <future>
#include <thread>
#include <utility>

#include "impls/uring/client.hpp"

namespace fanbench::uring {

/// What an object has to do by the thread of another loop, when that next waits: its own end, perhaps. To be
/// told again only after it was done.
template <class Of, void (Of::*DoneThere)()>
class Message final : public Operation {
 public:
  explicit Message(Of& of) : of_(of) {}

  void tell(Loop& here, Loop& there) { here.tell(there, *this); }

 private:
  void completed(int, std::uint32_t) override { (of_.*DoneThere)(); }

  Of& of_;
};

/// The further loop, as the first one, its home, has it: all that is public is for home's thread.
class Lane {
 public:
  /// Starts the thread. Throws what a loop and a client throw, and std::system_error where there is no
  /// thread.
  Lane(const Setup& setup, Loop& home);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();

  /// Has something done by the lane's thread while no call is under way; to be waited for before the next.
  void begin(std::function<void(Loop&, Client&)> command);
  /// Until that is done; rethrows what it threw.
  void wait();

 private:
  friend class Dealt;

  void serve(const Setup& setup, std::promise<void> made);
  void be_commanded() { commanded_ = true; }  // there
  void be_obeyed() { obeyed_ = true; }        // here

  Loop& home_;
  Loop* loop_ = nullptr;  // these three are the thread's
  Client* client_ = nullptr;
  Join* calls_ = nullptr;
  std::function<void(Loop&, Client&)> command_;
  std::exception_ptr failure_;
  bool commanded_ = false, over_ = false, obeyed_ = false;
  Message<Lane, &Lane::be_commanded> command_told_{*this};
  Message<Lane, &Lane::be_obeyed> obeyed_told_{*this};
  std::jthread thread_;
};

/// A call that is made in another lane. It ends when both sides have let go of it.
class Dealt {
 public:
  Dealt(Lane& lane, Client::Call& call, const Request& request)
      : lane_(lane), call_(call), request_(request) {
    begin_.tell(lane_.home_, *lane_.loop_);
  }
  /// At home. Once at most.
  void give_up() {
    ++answers_awaited_;
    give_up_.tell(lane_.home_, *lane_.loop_);
  }

 private:
  // In the lane:
  void begun() { lane_.calls_->spawn(make()); }
  Task<> make() {
    try {
      reply_ = co_await lane_.client_->get(request_, &scope_);
    } catch (...) {  // no connection could be had: whoever waits must not wait for ever
      reply_.verdict = Verdict::transport_error;
    }
    ended_.tell(*lane_.loop_, lane_.home_);
  }
  void cancel() {
    scope_.cancel();
    given_up_.tell(*lane_.loop_, lane_.home_);
  }
  // At home:
  void answered();

  Lane& lane_;
  Client::Call& call_;
  Request request_;
  int answers_awaited_ = 1;
  Reply reply_;
  CancelScope scope_;  // the lane's
  Message<Dealt, &Dealt::begun> begin_{*this};
  Message<Dealt, &Dealt::cancel> give_up_{*this};
  Message<Dealt, &Dealt::answered> ended_{*this}, given_up_{*this};
};

}  // namespace fanbench::uring
