// What the machine allows by io_uring: the model's loop and buffers, with no coroutine and no HTTP client
// around them. A yardstick, as the floor by epoll is, and the lower one where the kernel is quicker by it.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <stdexcept>
#include <vector>

#include "impls/floor/reply.hpp"
#include "impls/http/authority.hpp"
#include "impls/unique_fd.hpp"
#include "impls/uring/buffers.hpp"
#include "impls/uring/entry.hpp"

namespace fanbench::uring {
namespace {

constexpr Reply failure{.verdict = Verdict::transport_error};

/// One loop over what has come, which sends the next call where one has ended.
class Floor final : public Model {
 public:
  explicit Floor(const Setup& setup)
      : server_(boost::asio::ip::make_address(setup.host), setup.port),
        host_(authority_of(setup)),
        reuse_(setup.connection == fanbench::Connection::reuse) {}

  void warm(std::uint32_t in_flight) override {
    if (!reuse_) return;
    std::vector<CallRecord> records(in_flight);
    Recorder recorder(records);
    fan_out({.calls = in_flight}, recorder, in_flight);  // each has a connection before any has ended
    if (!std::ranges::all_of(records, [](const CallRecord& r) { return r.verdict == Verdict::ok; }))
      throw std::runtime_error(fmt::format("cannot open connections to {}", host_));
  }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    if (scenario.watchdog) throw NotApplicable("a bare loop: nothing beats beside the calls");
    const RingUse before = loop_.use();
    fan_out(scenario, recorder, workload == "gather" ? scenario.calls : scenario.limit);
    const RingUse after = loop_.use();
    recorder.ring_used({after.entries - before.entries, after.enters - before.enters});
  }

 private:
  struct Connection;
  struct Step : Operation {
    explicit Step(Connection& its_connection) : connection(its_connection) {}
    Connection& connection;

   protected:
    ~Step() = default;
  };
  struct Connecting final : Step {
    using Step::Step;
    void completed(int result, std::uint32_t) override { connection.floor.connected(connection, result); }
  };
  /// Of a request that was sent nobody learns: its reply will tell, which comes when all of it was.
  struct Sending final : Step {
    using Step::Step;
    void completed(int, std::uint32_t) override {
      connection.sends = false;
      if (connection.call != Recorder::none) connection.floor.end(connection, failure, false);
    }
  };
  struct Receiving final : Step {
    using Step::Step;
    void completed(int result, std::uint32_t flags) override {
      connection.floor.received(connection, result, flags);
    }
  };
  struct Connection {
    Connection(Floor& its_floor, UniqueFd its_fd) : floor(its_floor), fd(std::move(its_fd)) {}

    Floor& floor;
    UniqueFd fd;
    CallId call = Recorder::none;  // under way on it, if any
    std::string request{};
    std::string received{};  // where a reply comes in pieces
    bool receives = false;   // asked for what comes
    bool sends = false;      // asked to send, and not known to have done it
    Connecting connecting{*this};
    Sending sending{*this};
    Receiving receiving{*this};
  };

  void fan_out(const Scenario& scenario, Recorder& recorder, std::uint32_t at_once) {
    scenario_ = &scenario;
    recorder_ = &recorder;
    at_once_ = at_once;
    next_ = open_ = 0;
    begin_more();
    loop_.run_until(done_);
  }
  void begin_more() {
    while (open_ < at_once_ && next_ < scenario_->calls) begin(next_++);
    done_ = open_ == 0;
  }
  void begin(CallId id) {
    recorder_->start(id);
    if (idle_.empty()) return connect(id);
    Connection& connection = *idle_.back();
    idle_.pop_back();
    connection.call = id;
    ++open_;
    send(connection);
  }
  void connect(CallId id) {
    UniqueFd fd(::socket(server_.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (fd.get() < 0) return recorder_->finish(id, failure);
    const int on = 1, number = fd.get();
    ::setsockopt(number, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const auto index = static_cast<std::size_t>(number);
    if (connections_.size() <= index) connections_.resize(index + 1);
    connections_[index] = std::make_unique<Connection>(*this, std::move(fd));
    Connection& connection = *connections_[index];
    connection.call = id;
    ++open_;
    io_uring_sqe& entry = loop_.entry();
    io_uring_prep_connect(&entry, number, server_.data(), static_cast<socklen_t>(server_.size()));
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(&connection.connecting));
  }
  void connected(Connection& connection, int result) {
    if (result < 0) return end(connection, failure, false);
    send(connection);
    receive(connection);
  }
  void send(Connection& connection) {
    const auto message = message_of({.run = scenario_->run, .id = connection.call}, host_);
    connection.request.assign(message.data(), message.size());
    io_uring_sqe& entry = loop_.entry();
    io_uring_prep_send(&entry, connection.fd.get(), connection.request.data(), connection.request.size(),
                       MSG_NOSIGNAL | MSG_WAITALL);
    entry.flags |= IOSQE_CQE_SKIP_SUCCESS;
    connection.sends = true;
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(&connection.sending));
  }
  /// A kept connection is asked once for all replies that come on it, another for what comes next.
  void receive(Connection& connection) {
    io_uring_sqe& entry = loop_.entry();
    const int fd = connection.fd.get();
    reuse_ ? io_uring_prep_recv_multishot(&entry, fd, nullptr, 0, 0)
           : io_uring_prep_recv(&entry, fd, nullptr, 0, 0);
    entry.flags |= IOSQE_BUFFER_SELECT;
    entry.buf_group = Buffers::group;
    io_uring_sqe_set_data(&entry, static_cast<Operation*>(&connection.receiving));
    connection.receives = true;
  }
  void received(Connection& connection, int result, std::uint32_t flags) {
    connection.receives = flags & IORING_CQE_F_MORE;
    const bool out_of_buffers = result == -ENOBUFS;
    if (connection.call == Recorder::none || (result <= 0 && !out_of_buffers)) {
      if (flags & IORING_CQE_F_BUFFER) buffers_.give_back(flags);
      return lose(connection);
    }
    std::optional<floor::Parsed> parsed;
    if (!out_of_buffers) {
      parsed = parse(connection, buffers_.taken(flags, result));
      buffers_.give_back(flags);
    }
    const bool goes_on = reuse_ || !parsed;
    if (goes_on && !connection.receives) receive(connection);
    if (!parsed) return;
    connection.sends = false;
    end(connection, parsed->reply, reuse_ && parsed->keep_alive);
  }
  static std::optional<floor::Parsed> parse(Connection& connection, std::string_view piece) {
    if (connection.received.empty()) {
      if (auto parsed = floor::parse(piece)) return parsed;
    }
    connection.received += piece;
    auto parsed = floor::parse(connection.received);
    if (parsed) connection.received.clear();
    return parsed;
  }

  void end(Connection& connection, const Reply& reply, bool reusable) {
    recorder_->finish(std::exchange(connection.call, Recorder::none), reply);
    reusable ? idle_.push_back(&connection) : close(connection);
    --open_;
    begin_more();
  }
  /// Its end has come, or what nobody has asked for.
  void lose(Connection& connection) {
    if (connection.call != Recorder::none) return end(connection, failure, false);
    std::erase(idle_, &connection);
    close(connection);
  }
  /// When the kernel is asked nothing of it any more it goes; that its request could not be sent the kernel
  /// may say later.
  void close(Connection& connection) {
    if (connection.receives) {
      ::shutdown(connection.fd.get(), SHUT_RDWR);  // and lose() when that is noticed
      return;
    }
    std::unique_ptr<Connection> closed =
        std::move(connections_[static_cast<std::size_t>(connection.fd.get())]);
    closed->fd.reset();
    if (closed->sends) lost_.push_back(std::move(closed));
  }

  boost::asio::ip::tcp::endpoint server_;
  std::string host_;
  bool reuse_;
  Loop loop_;
  Buffers buffers_{loop_};  // go before the ring, which still receives: there is nothing then to receive into
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  std::vector<Connection*> idle_;
  std::vector<std::unique_ptr<Connection>> lost_;

  // Of the fan-out under way.
  const Scenario* scenario_ = nullptr;
  Recorder* recorder_ = nullptr;
  std::uint32_t at_once_ = 0, open_ = 0;
  CallId next_ = 0;
  bool done_ = true;
};

}  // namespace

std::unique_ptr<Model> make_floor(const Setup& setup) { return std::make_unique<Floor>(setup); }

}  // namespace fanbench::uring
