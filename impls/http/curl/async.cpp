// The asynchronous curl client: as many multi handles as its calls need.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "impls/http/curl/clients.hpp"
#include "impls/http/curl/multi.hpp"

namespace fanbench::curl {
namespace {

/// For each call libcurl walks along the connections that its multi handle has to the server, until it finds
/// an idle one. With a single handle n calls at once would take n² / 2 steps.
constexpr std::size_t transfers_of_each = 100;

class CurlAsync final : public AsyncClient {
 public:
  CurlAsync(Setup setup, Loop loop) : setup_(std::move(setup)), loop_(std::move(loop)) {}

  Awaitable<std::unique_ptr<AwaitableSocket>> enter_room(std::uint64_t) override {
    throw NotApplicable(no_websockets);
  }
  Awaitable<void> warm(std::uint32_t connections) override {
    if (setup_.connection == Connection::per_call) co_return;
    while (open() < connections) {
      const auto needs_one = [](const auto& multi) { return multi->connections() < transfers_of_each; };
      const auto found = std::ranges::find_if(multis_, needs_one);
      Multi& multi = found == multis_.end() ? make_multi() : **found;
      put_on_top(multi);
      const Reply reply = co_await get({});  // over a connection of its own
      if (reply.verdict != Verdict::ok || !multi.has_newest())
        throw std::runtime_error("libcurl cannot open a connection to the server");
    }
    for (const auto& multi : multis_) {
      while (multi->transfers() < multi->connections()) idle_.push_back(&multi->make_transfer(setup_));
    }
  }

 protected:
  void start(const Request& request, asio::cancellation_slot cancellation, Completion done) override {
    Transfer& transfer = take_idle();
    transfer.handle.prepare(request);
    transfer.done = std::move(done);
    transfer.cancellation = cancellation;
    if (cancellation.is_connected()) cancellation.assign(Cancel{*this, transfer});
    if (!transfer.multi.add(transfer)) end_later(transfer, {.verdict = Verdict::transport_error});
  }

 private:
  struct Cancel {
    CurlAsync& client;
    Transfer& transfer;

    void operator()(asio::cancellation_type type) const {
      const bool meant = (type & gives_up) != asio::cancellation_type::none;
      if (!meant || !transfer.done) return;  // or not for the first time
      transfer.multi.remove(transfer);
      client.end_later(transfer, {.verdict = Verdict::cancelled});
    }
  };

  std::size_t open() const {
    std::size_t connections = 0;
    for (const auto& multi : multis_) connections += multi->connections();
    return connections;
  }
  /// Where the call was begun or cancelled, its handler must not be invoked.
  void end_later(Transfer& transfer, const Reply& reply) {
    asio::post(loop_, [this, &transfer, reply, done = std::move(transfer.done)]() mutable {
      transfer.done = std::move(done);
      end(transfer, reply);
    });
  }
  void end(Transfer& transfer, const Reply& reply) {
    if (transfer.cancellation.is_connected()) transfer.cancellation.clear();
    Completion done = std::move(transfer.done);
    idle_.push_back(&transfer);
    std::move(done)(reply);
  }

  Transfer& take_idle() {
    if (idle_.empty()) {
      if (multis_.empty() || multis_.back()->full()) make_multi();
      return multis_.back()->make_transfer(setup_);
    }
    Transfer& transfer = *idle_.back();
    idle_.pop_back();
    return transfer;
  }
  /// The next call will be made by this multi handle.
  void put_on_top(Multi& multi) {
    const auto is_of_it = [&multi](const Transfer* transfer) { return &transfer->multi == &multi; };
    const auto found = std::find_if(idle_.rbegin(), idle_.rend(), is_of_it);
    if (found == idle_.rend()) {
      idle_.push_back(&multi.make_transfer(setup_));
    } else {
      std::swap(*found, idle_.back());
    }
  }
  Multi& make_multi() {
    const auto ended = [this](Transfer& transfer, const Reply& reply) { end(transfer, reply); };
    return *multis_.emplace_back(std::make_unique<Multi>(loop_, transfers_of_each, ended));
  }

  Setup setup_;
  Loop loop_;
  std::vector<std::unique_ptr<Multi>> multis_;
  std::vector<Transfer*> idle_;  // the last used last
};

}  // namespace

std::unique_ptr<AsyncClient> make_async(const Setup& setup, Loop loop) {
  return std::make_unique<CurlAsync>(setup, std::move(loop));
}

}  // namespace fanbench::curl
