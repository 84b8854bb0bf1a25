// libcurl's multi interface: libcurl says which sockets and which time it waits for, and is called when they
// come.
#include "impls/http/curl/multi.hpp"

#include <utility>

namespace fanbench::curl {

using boost::system::error_code;

Multi::Multi(Loop loop, std::size_t most_transfers, Ended ended)
    : loop_(std::move(loop)),
      most_transfers_(most_transfers),
      ended_(std::move(ended)),
      timer_(loop_),
      multi_(initialised() ? curl_multi_init() : nullptr) {
  if (!multi_) throw std::runtime_error("libcurl cannot make a multi handle: out of memory?");
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &on_interest);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &on_timeout);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, long{CURLPIPE_NOTHING});
  // Else it keeps four for each transfer in use, and closes idle ones when there are fewer.
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(most_transfers_));
}

Multi::~Multi() {
  curl_multi_cleanup(multi_);  // closes the kept connections, through close_socket
}

Transfer& Multi::make_transfer(const Setup& setup) {
  Transfer& made = *transfers_.emplace_back(std::make_unique<Transfer>(setup, *this));
  CURL* const easy = made.handle.easy();
  set(easy, CURLOPT_PRIVATE, &made);
  set(easy, CURLOPT_OPENSOCKETFUNCTION, &open_socket);
  set(easy, CURLOPT_OPENSOCKETDATA, this);
  set(easy, CURLOPT_CLOSESOCKETFUNCTION, &close_socket);
  set(easy, CURLOPT_CLOSESOCKETDATA, this);
  return made;
}

bool Multi::add(Transfer& transfer) {
  return curl_multi_add_handle(multi_, transfer.handle.easy()) == CURLM_OK;
}

void Multi::remove(Transfer& transfer) { curl_multi_remove_handle(multi_, transfer.handle.easy()); }

curl_socket_t Multi::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& multi = *static_cast<Multi*>(self);
  const int socket =
      ::socket(address->family, address->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address->protocol);
  if (socket < 0) return CURL_SOCKET_BAD;
  auto watch = std::make_shared<Watch>(multi.loop_);
  error_code error;
  watch->descriptor.assign(socket, error);
  if (error) {
    ::close(socket);
    return CURL_SOCKET_BAD;
  }
  multi.watches_.emplace(socket, std::move(watch));
  return multi.newest_ = socket;
}

int Multi::close_socket(void* self, curl_socket_t socket) {
  auto watch = static_cast<Multi*>(self)->watches_.extract(socket);
  error_code error;
  watch.mapped()->wanted = CURL_POLL_NONE;
  watch.mapped()->descriptor.close(error);  // ends the waits, which hold the watch
  return 0;
}

/// libcurl says what it wants to know of a socket.
int Multi::on_interest(CURL*, curl_socket_t socket, int wanted, void* self, void*) {
  auto& multi = *static_cast<Multi*>(self);
  const auto watch = multi.watches_.find(socket);
  if (watch == multi.watches_.end()) return 0;
  watch->second->wanted = wanted == CURL_POLL_REMOVE ? CURL_POLL_NONE : wanted;
  multi.wait(watch->second, socket);
  return 0;
}

/// libcurl wants to be called in so many milliseconds; -1: not at all.
int Multi::on_timeout(CURLM*, long milliseconds, void* self) {
  auto& multi = *static_cast<Multi*>(self);
  multi.timer_.cancel();
  if (milliseconds < 0) return 0;
  multi.timer_.expires_after(std::chrono::milliseconds(milliseconds));
  multi.timer_.async_wait([&multi](error_code error) {
    if (!error) multi.socket_action(CURL_SOCKET_TIMEOUT, 0);
  });
  return 0;
}

void Multi::wait(const std::shared_ptr<Watch>& watch, curl_socket_t socket) {
  using Descriptor = asio::posix::descriptor_base;
  if ((watch->wanted & CURL_POLL_IN) && !watch->reading) {
    watch->reading = true;
    watch->descriptor.async_wait(Descriptor::wait_read, [this, watch, socket](error_code error) {
      watch->reading = false;
      if (!error && (watch->wanted & CURL_POLL_IN)) act(watch, socket, CURL_CSELECT_IN);
    });
  }
  if ((watch->wanted & CURL_POLL_OUT) && !watch->writing) {
    watch->writing = true;
    watch->descriptor.async_wait(Descriptor::wait_write, [this, watch, socket](error_code error) {
      watch->writing = false;
      if (!error && (watch->wanted & CURL_POLL_OUT)) act(watch, socket, CURL_CSELECT_OUT);
    });
  }
}

void Multi::act(const std::shared_ptr<Watch>& watch, curl_socket_t socket, int events) {
  socket_action(socket, events);
  if (watch->descriptor.is_open()) wait(watch, socket);
}

void Multi::socket_action(curl_socket_t socket, int events) {
  int running = 0;
  curl_multi_socket_action(multi_, socket, events, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    const CURLcode result = message->data.result;
    remove(*transfer);  // and the message with it
    ended_(*transfer, transfer->handle.reply(result));
  }
}

}  // namespace fanbench::curl
