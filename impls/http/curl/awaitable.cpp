// The awaitable curl client: libcurl's multi interface, driven by the same event loop as the coroutines.
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <unordered_map>
#include <vector>

#include "impls/http/curl/clients.hpp"
#include "impls/http/curl/handle.hpp"

namespace fanbench::curl {
namespace {

using boost::system::error_code;

/// An easy handle whose transfer a coroutine can await.
struct Transfer {
  Transfer(const Setup& setup, const Loop& loop) : handle(setup), done(loop, 1) {
    set(handle.easy(), CURLOPT_PRIVATE, this);
  }
  Handle handle;
  CURLcode result = CURLE_OK;
  asio::experimental::channel<Loop, void(error_code)>
      done;  // receives one message, when the transfer has ended
};

/// A socket of libcurl's, watched for what libcurl wants to know. It stays registered with the loop for as
/// long as it is open: libcurl loses interest at the end of each transfer, and the next one takes it up
/// again.
struct Watch {
  explicit Watch(const Loop& loop) : descriptor(loop) {}
  asio::posix::basic_stream_descriptor<Loop> descriptor;
  int wanted = CURL_POLL_NONE;
  bool reading = false, writing = false;  // whether a wait is under way
};

class CurlAwaitable final : public AwaitableClient {
 public:
  CurlAwaitable(Setup setup, Loop loop)
      : setup_(std::move(setup)), loop_(std::move(loop)), timer_(loop_), multi_(curl_multi_init()) {
    if (!multi_)
      throw std::runtime_error("libcurl cannot make a multi handle: out of memory or descriptors?");
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_interest);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timeout);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_PIPELINING, long{CURLPIPE_NOTHING});
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS,
                      100'000L);  // else it keeps four connections per handle in use
  }
  ~CurlAwaitable() override {
    curl_multi_cleanup(multi_);  // closes the kept connections, through close_socket
  }

  Awaitable<Reply> get(Request request) override {
    // Cancellation ends the wait with an error code; it must not throw as well.
    co_await asio::this_coro::throw_if_cancelled(false);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none)
      co_return Reply{.verdict = Verdict::cancelled};

    std::unique_ptr<Transfer> transfer = take_idle();
    transfer->handle.prepare(request);
    if (const CURLMcode refused = curl_multi_add_handle(multi_, transfer->handle.easy());
        refused != CURLM_OK) {
      throw std::runtime_error(fmt::format("libcurl refuses a transfer: {}", curl_multi_strerror(refused)));
    }
    auto [cancelled] = co_await transfer->done.async_receive(asio::as_tuple(asio::deferred));
    curl_multi_remove_handle(
        multi_, transfer->handle.easy());  // closes the connection where the reply is not all there
    if (cancelled) co_return Reply{.verdict = Verdict::cancelled};
    const Reply reply = transfer->handle.reply(transfer->result);
    idle_.push_back(std::move(transfer));
    co_return reply;
  }
  Awaitable<std::unique_ptr<AwaitableSocket>> enter_room(std::uint64_t) override {
    throw NotApplicable(no_websockets);
  }
  Awaitable<void> warm(std::uint32_t connections) override {
    if (setup_.connection == Connection::per_call) co_return;
    while (watches_.size() < connections) {
      const Reply reply = co_await get({});  // over a connection of its own
      if (reply.verdict != Verdict::ok || !watches_.contains(newest_))
        throw std::runtime_error("libcurl cannot open a connection to the server");
    }
    while (idle_.size() < connections) idle_.push_back(make_transfer());
  }

 private:
  std::unique_ptr<Transfer> make_transfer() {
    auto transfer = std::make_unique<Transfer>(setup_, loop_);
    set(transfer->handle.easy(), CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(transfer->handle.easy(), CURLOPT_OPENSOCKETDATA, this);
    set(transfer->handle.easy(), CURLOPT_CLOSESOCKETFUNCTION, &close_socket);
    set(transfer->handle.easy(), CURLOPT_CLOSESOCKETDATA, this);
    return transfer;
  }
  std::unique_ptr<Transfer> take_idle() {
    if (idle_.empty()) return make_transfer();
    auto transfer = std::move(idle_.back());
    idle_.pop_back();
    return transfer;
  }

  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& client = *static_cast<CurlAwaitable*>(self);
    const int socket =
        ::socket(address->family, address->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->protocol);
    if (socket < 0) return CURL_SOCKET_BAD;
    auto watch = std::make_shared<Watch>(client.loop_);
    error_code error;
    watch->descriptor.assign(socket, error);
    if (error) {
      ::close(socket);
      return CURL_SOCKET_BAD;
    }
    client.watches_.emplace(socket, std::move(watch));
    return client.newest_ = socket;
  }
  static int close_socket(void* self, curl_socket_t socket) {
    auto& client = *static_cast<CurlAwaitable*>(self);
    auto watch = client.watches_.extract(socket);
    error_code error;
    watch.mapped()->wanted = CURL_POLL_NONE;
    watch.mapped()->descriptor.close(error);  // ends the waits, which hold the watch
    return 0;
  }

  /// libcurl says what it wants to know of a socket.
  static int on_interest(CURL*, curl_socket_t socket, int wanted, void* self, void*) {
    auto& client = *static_cast<CurlAwaitable*>(self);
    const auto watch = client.watches_.find(socket);
    if (watch == client.watches_.end()) return 0;
    watch->second->wanted = wanted == CURL_POLL_REMOVE ? CURL_POLL_NONE : wanted;
    client.wait(watch->second, socket);
    return 0;
  }
  void wait(const std::shared_ptr<Watch>& watch, curl_socket_t socket) {
    if ((watch->wanted & CURL_POLL_IN) && !watch->reading) {
      watch->reading = true;
      watch->descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                                   [this, watch, socket](error_code error) {
                                     watch->reading = false;
                                     if (!error && (watch->wanted & CURL_POLL_IN))
                                       act(watch, socket, CURL_CSELECT_IN);
                                   });
    }
    if ((watch->wanted & CURL_POLL_OUT) && !watch->writing) {
      watch->writing = true;
      watch->descriptor.async_wait(asio::posix::descriptor_base::wait_write,
                                   [this, watch, socket](error_code error) {
                                     watch->writing = false;
                                     if (!error && (watch->wanted & CURL_POLL_OUT))
                                       act(watch, socket, CURL_CSELECT_OUT);
                                   });
    }
  }
  void act(const std::shared_ptr<Watch>& watch, curl_socket_t socket, int events) {
    socket_action(socket, events);
    if (watch->descriptor.is_open()) wait(watch, socket);
  }

  /// libcurl wants to be called in so many milliseconds; -1: not at all.
  static int on_timeout(CURLM*, long milliseconds, void* self) {
    auto& client = *static_cast<CurlAwaitable*>(self);
    client.timer_.cancel();
    if (milliseconds < 0) return 0;
    client.timer_.expires_after(std::chrono::milliseconds(milliseconds));
    client.timer_.async_wait([&client](error_code error) {
      if (!error) client.socket_action(CURL_SOCKET_TIMEOUT, 0);
    });
    return 0;
  }

  void socket_action(curl_socket_t socket, int events) {
    int running = 0;
    curl_multi_socket_action(multi_, socket, events, &running);
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      Transfer* transfer = nullptr;
      curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
      transfer->result = message->data.result;
      transfer->done.try_send(error_code{});
    }
  }

  Setup setup_;
  Loop loop_;
  Timer timer_;
  std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
  curl_socket_t newest_ = CURL_SOCKET_BAD;  // the one opened last
  std::vector<std::unique_ptr<Transfer>> idle_;
  CURLM* multi_;
};

}  // namespace

std::unique_ptr<AwaitableClient> make_awaitable(const Setup& setup, Loop loop) {
  return std::make_unique<CurlAwaitable>(setup, std::move(loop));
}

}  // namespace fanbench::curl
