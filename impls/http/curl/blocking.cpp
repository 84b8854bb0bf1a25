// The blocking curl client: a pool of easy handles, each with the one connection that it keeps.
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>

#include "impls/http/curl/clients.hpp"
#include "impls/http/curl/handle.hpp"
#include "impls/http/idle_pool.hpp"

namespace fanbench::curl {
namespace {

/// curl_easy_perform looks up from its wait once a second only. So that a stop ends it at once, we open and
/// close its socket ourselves and, when a stop is requested, shut it down under libcurl's feet: the wait
/// returns, and when libcurl takes the failure for a stale connection and tries another, it is given none.
class StoppableHandle {
 public:
  explicit StoppableHandle(const Setup& setup) : handle_(setup) {
    set(handle_.easy(), CURLOPT_MAXCONNECTS, 1L);
    set(handle_.easy(), CURLOPT_OPENSOCKETFUNCTION, &open_socket);
    set(handle_.easy(), CURLOPT_OPENSOCKETDATA, this);
    set(handle_.easy(), CURLOPT_CLOSESOCKETFUNCTION, &close_socket);
    set(handle_.easy(), CURLOPT_CLOSESOCKETDATA, this);
  }

  Reply get(const Request& request, const Until& until) {
    handle_.prepare(request);
    if (!set_deadline(until.deadline)) return {.verdict = Verdict::timed_out};
    stopped_ = false;
    const std::stop_callback give_up(until.stop, [this] { this->stop(); });
    const CURLcode result = curl_easy_perform(handle_.easy());
    const Reply reply = handle_.reply(result);
    if (reply.verdict == Verdict::transport_error && until.stop.stop_requested())
      return {.verdict = Verdict::cancelled};
    return reply;
  }
  /// Whether it has a connection, idle between calls.
  bool connected() const noexcept { return socket_ >= 0; }
  void connect() {
    const Reply reply = get({}, {});
    if (reply.verdict != Verdict::ok || !connected())
      throw std::runtime_error("libcurl cannot open a connection to the server");
  }

 private:
  /// False where it is over already.
  bool set_deadline(Until::Clock::time_point deadline) {
    constexpr long none = 0;
    if (deadline == Until::Clock::time_point::max()) {
      set(handle_.easy(), CURLOPT_TIMEOUT_MS, none);
      return true;
    }
    const auto left = deadline - Until::Clock::now();
    if (left <= left.zero()) return false;
    // libcurl counts whole milliseconds, and may take a part of one for a whole: one more, or it is early.
    const auto whole = std::chrono::ceil<std::chrono::milliseconds>(left) + std::chrono::milliseconds(1);
    set(handle_.easy(), CURLOPT_TIMEOUT_MS, static_cast<long>(whole.count()));
    return true;
  }
  void stop() {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  }
  static curl_socket_t open_socket(void* self, curlsocktype, curl_sockaddr* address) {
    auto& handle = *static_cast<StoppableHandle*>(self);
    const std::lock_guard lock(handle.mutex_);
    if (handle.stopped_) return CURL_SOCKET_BAD;
    return handle.socket_ = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  }
  static int close_socket(void* self, curl_socket_t socket) {
    auto& handle = *static_cast<StoppableHandle*>(self);
    const std::lock_guard lock(handle.mutex_);
    if (handle.socket_ == socket) handle.socket_ = -1;
    return ::close(socket);
  }

  std::mutex mutex_;
  int socket_ = -1;
  bool stopped_ = false;
  Handle handle_;  // last, so that it closes its socket while the members above still live
};

class CurlBlocking final : public BlockingClient {
 public:
  explicit CurlBlocking(Setup setup) : setup_(std::move(setup)) {}

  Reply get(const Request& request, const Until& until) override {
    auto connected = idle_.take();
    auto handle = connected ? std::move(*connected) : unconnected();
    const Reply reply = handle->get(request, until);
    give_back(std::move(handle));
    return reply;
  }
  std::unique_ptr<BlockingSocket> enter_room(std::uint64_t, std::stop_token) override {
    throw NotApplicable(no_websockets);
  }
  void warm(std::uint32_t connections) override {
    if (setup_.connection == Connection::per_call) return;
    auto handles = idle_.take_all();
    while (handles.size() < connections) {
      handles.push_back(unconnected());
      handles.back()->connect();
    }
    for (auto& handle : handles) give_back(std::move(handle));
  }

 private:
  std::unique_ptr<StoppableHandle> unconnected() {
    auto handle = unconnected_.take();
    return handle ? std::move(*handle) : std::make_unique<StoppableHandle>(setup_);
  }
  void give_back(std::unique_ptr<StoppableHandle> handle) {
    auto& pool = handle->connected() ? idle_ : unconnected_;
    pool.give_back(std::move(handle));
  }

  Setup setup_;
  IdlePool<std::unique_ptr<StoppableHandle>> idle_, unconnected_;  // with a connection that is kept, or none
};

}  // namespace

std::unique_ptr<BlockingClient> make_blocking(const Setup& setup) {
  return std::make_unique<CurlBlocking>(setup);
}

}  // namespace fanbench::curl
