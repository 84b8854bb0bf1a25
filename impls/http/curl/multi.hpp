// A multi handle of libcurl's, driven by an event loop.
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "impls/http/async.hpp"
#include "impls/http/curl/handle.hpp"

namespace fanbench::curl {

class Multi;

/// An easy handle of a multi handle's, and the call that is under way on it.
struct Transfer {
  Transfer(const Setup& setup, Multi& its_multi) : multi(its_multi), handle(setup) {}

  Multi& multi;
  Handle handle;
  asio::cancellation_slot cancellation{};
  Completion done{};  // none while no call is under way
};

class Multi {
 public:
  /// What to do with a transfer that has ended, and was removed.
  using Ended = std::function<void(Transfer&, const Reply&)>;

  /// Keeps a connection for each of so many transfers. Throws std::runtime_error.
  Multi(Loop loop, std::size_t most_transfers, Ended ended);
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;
  ~Multi();

  /// One that lives as long as this does. Not to be called when there are as many as there may be.
  Transfer& make_transfer(const Setup& setup);
  bool full() const noexcept { return transfers_.size() == most_transfers_; }
  std::size_t transfers() const noexcept { return transfers_.size(); }
  std::size_t connections() const noexcept { return watches_.size(); }  // that libcurl holds to be open
  bool has_newest() const { return watches_.contains(newest_); }        // of all that were opened

  /// False where libcurl refuses it.
  bool add(Transfer& transfer);
  /// Closes its connection where its reply is not all there.
  void remove(Transfer& transfer);

 private:
  /// A socket of libcurl's, watched for what libcurl wants to know. It stays registered with the loop for as
  /// long as it is open: libcurl loses interest at the end of each transfer, and the next one takes it up
  /// again.
  struct Watch {
    explicit Watch(const Loop& loop) : descriptor(loop) {}
    asio::posix::basic_stream_descriptor<Loop> descriptor;
    int wanted = CURL_POLL_NONE;
    bool reading = false, writing = false;  // whether a wait is under way
  };

  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address);
  static int close_socket(void* self, curl_socket_t socket);
  static int on_interest(CURL*, curl_socket_t socket, int wanted, void* self, void*);
  static int on_timeout(CURLM*, long milliseconds, void* self);
  void wait(const std::shared_ptr<Watch>& watch, curl_socket_t socket);
  void act(const std::shared_ptr<Watch>& watch, curl_socket_t socket, int events);
  void socket_action(curl_socket_t socket, int events);

  Loop loop_;
  std::size_t most_transfers_;
  Ended ended_;
  Timer timer_;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  curl_socket_t newest_ = CURL_SOCKET_BAD;  // the one opened last
  std::vector<std::unique_ptr<Transfer>> transfers_;
  CURLM* multi_;
};

}  // namespace fanbench::curl
