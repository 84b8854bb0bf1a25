// A connection is asked once for all that comes on it; a call over it costs one entry, to send its request.
#include "impls/uring/client.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <utility>

#include "impls/http/authority.hpp"
#include "impls/uring/lane.hpp"

namespace fanbench::uring {

/// A connection, and the call that is under way on it. When it is to be closed the kernel is asked to end
/// what it was asked for; when it has, the connection goes, and with it the call that was given up.
class Client::Connection {
 public:
  Connection(Client& client, UniqueFd fd) : client_(client), fd_(std::move(fd)) {}

  int fd() const noexcept { return fd_.get(); }
  bool closing() const noexcept { return closing_; }

  /// The first call over it.
  void connect(Call& call) {
    take(call);
    io_uring_sqe& entry = client_.loop_.entry();
    io_uring_prep_connect(&entry, fd(), client_.server_.data(),
                          static_cast<socklen_t>(client_.server_.size()));
    ask(entry, connecting_);
  }
  void send(Call& call) {
    take(call);
    send_request();
  }
  /// A call that is still under way on it has been given up.
  void close() {
    closing_ = true;
    ++client_.closing_;
    if (!asks()) return client_.remove(*this);
    cancel(connecting_);
    cancel(sending_);
    cancel(receiving_);
  }
  Call* call() const noexcept { return call_; }

 private:
  /// Something that the kernel is asked for.
  struct Step : Operation {
    explicit Step(Connection& its_connection) : connection(its_connection) {}
    Connection& connection;
    bool asked = false;  // and not answered for good

   protected:
    ~Step() = default;
  };
  struct Connecting final : Step {
    using Step::Step;
    void completed(int result, std::uint32_t) override { connection.connected(result); }
  };
  struct Sending final : Step {
    using Step::Step;
    void completed(int result, std::uint32_t) override { connection.sent(result); }
  };
  struct Receiving final : Step {
    using Step::Step;
    void completed(int result, std::uint32_t flags) override { connection.received(result, flags); }
  };

  void ask(io_uring_sqe& entry, Step& step) {
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(&step));
    step.asked = true;
  }
  bool asks() const noexcept { return connecting_.asked || sending_.asked || receiving_.asked; }
  /// By its address, which the kernel finds at once; by the descriptor it would go through all that it has.
  void cancel(Step& step) {
    if (!step.asked) return;
    io_uring_sqe& entry = client_.loop_.entry();
    io_uring_prep_cancel(&entry, static_cast<Operation*>(&step), 0);
    io_uring_sqe_set_data(&entry, nullptr);
  }
  /// It has ended. False where that was the end of the connection.
  bool answered(Step& step) {
    step.asked = false;
    if (!closing_) return true;
    if (!asks()) client_.remove(*this);
    return false;
  }

  void take(Call& call) {
    call_ = &call;
    call.connection_ = this;
    parser_.emplace(call.request_.reader);
  }
  void connected(int result) {
    if (!answered(connecting_)) return;
    if (result < 0) return fail();
    const int on = 1;
    ::setsockopt(fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    send_request();
    receive();
  }
  void send_request() {
    const auto message = message_of(call_->request_, client_.host_);
    request_.assign(message.data(), message.size());
    io_uring_sqe& entry = client_.loop_.entry();
    io_uring_prep_send(&entry, fd(), request_.data(), request_.size(), MSG_NOSIGNAL | MSG_WAITALL);
    ask(entry, sending_);
  }
  void sent(int result) {
    if (answered(sending_) && result != static_cast<int>(request_.size())) fail();
  }
  void receive() {
    io_uring_sqe& entry = client_.loop_.entry();
    io_uring_prep_recv_multishot(&entry, fd(), nullptr, 0, 0);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = Buffers::group;
    ask(entry, receiving_);
  }
  void received(int result, std::uint32_t flags) {
    const native::Error error = outcome_of(result, flags);
    const bool more = flags & IORING_CQE_F_MORE;
    if ((!more && !answered(receiving_)) || closing_) return;
    if (error) return fail();
    if (!more) receive();
    if (call_ && parser_->whole()) end();
  }
  native::Error outcome_of(int result, std::uint32_t flags) {
    if (result == -ENOBUFS) return {};  // all buffers are taken: the bytes wait in the socket
    if (result <= 0) {
      native::Error error = asio::error::eof;
      if (result < 0) error = asio::error::connection_reset;
      return call_ ? native::take(*parser_, received_, 0, error) : error;
    }
    const std::string_view bytes = client_.buffers_.taken(flags, result);
    native::Error error =
        asio::error::connection_reset;  // what nobody asked for is no reply to the next call
    if (call_) {
      std::memcpy(received_.prepare(bytes.size()).data(), bytes.data(), bytes.size());
      error = native::take(*parser_, received_, bytes.size(), {});
    }
    client_.buffers_.give_back(flags);
    return error;
  }

  void end() {
    Call& call = *std::exchange(call_, nullptr);
    const Reply reply = parser_->reply();
    if (client_.reuse_ && native::reusable(*parser_, received_)) {
      client_.idle_.push_back(this);
    } else {
      close();
    }
    call.end(reply);
  }
  void fail() {
    Call* const call = std::exchange(call_, nullptr);
    if (!call) std::erase(client_.idle_, this);
    close();  // perhaps this is gone now
    if (call) call->end({.verdict = Verdict::transport_error});
  }

  Client& client_;
  UniqueFd fd_;
  Call* call_ = nullptr;
  std::optional<native::ReplyParser> parser_{};
  std::string request_{};
  boost::beast::flat_buffer received_{};
  bool closing_ = false;
  Connecting connecting_{*this};
  Sending sending_{*this};
  Receiving receiving_{*this};
};

Client::Client(const Setup& setup, Loop& loop)
    : loop_(loop),
      server_(asio::ip::make_address(setup.host), setup.port),
      host_(authority_of(setup)),
      reuse_(setup.connection == fanbench::Connection::reuse),
      buffers_(loop) {}

Client::~Client() {
  for (const auto& connection : connections_) {
    if (connection && !connection->closing()) connection->close();
  }
  finish_closing();  // the kernel may still write where they are
}

Task<> Client::warm(std::uint32_t connections) {
  if (!reuse_) co_return;
  co_await Sleep(loop_, Clock::now());  // those that the server has closed meanwhile are forgotten
  for (std::size_t tries = 0; idle_.size() < connections; ++tries) {
    const Reply reply = co_await get({});  // over a connection of its own
    if (reply.verdict != Verdict::ok || tries == 2 * std::size_t{connections})
      throw std::runtime_error(fmt::format("cannot open a connection to {}", host_));
  }
}

void Client::deal_out_to(std::deque<Lane>& others) {
  others_ = &others;
  under_way_.resize(others.size() + 1);
}

void Client::begin(Call& call) {
  if (!others_) return begin_here(call);
  const auto fewest = std::ranges::min_element(under_way_);
  ++*fewest;
  call.lane_ = static_cast<std::uint32_t>(fewest - under_way_.begin());
  if (call.lane_ == 0) return begin_here(call);
  call.dealt_ = new Dealt((*others_)[call.lane_ - 1], call, call.request_);  // which ends itself
}

void Client::begin_here(Call& call) {
  const bool proves_a_new_one = call.request_.run == 0;
  if (!idle_.empty() && !proves_a_new_one) {
    Connection& connection = *idle_.back();
    idle_.pop_back();
    return connection.send(call);
  }
  UniqueFd fd(::socket(server_.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return call.end({.verdict = Verdict::transport_error});
  const auto index = static_cast<std::size_t>(fd.get());
  if (connections_.size() <= index) connections_.resize(index + 1);
  connections_[index] = std::make_unique<Connection>(*this, std::move(fd));
  connections_[index]->connect(call);
}

void Client::remove(Connection& connection) {
  Call* const given_up = connection.call();
  connections_[static_cast<std::size_t>(connection.fd())].reset();
  all_closed_ = --closing_ == 0;
  if (given_up) given_up->end({.verdict = Verdict::cancelled});
}

void Client::finish_closing() {
  all_closed_ = closing_ == 0;
  loop_.run_until(all_closed_);
}

void Client::Call::cancel() { dealt_ ? dealt_->give_up() : connection_->close(); }

}  // namespace fanbench::uring
