// A libFuzzer target: what one client may send, in any pieces, to a connection of the server.
//
// Each piece begins with a byte that says how long it is; 0 shuts the client's sending side down. The
// connection is the server's own, over a socket pair instead of TCP; time is not waited for.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "mock_server/net/connection.hpp"
#include "mock_server/net/websocket_rooms.hpp"

namespace fanbench::server {
namespace {

/// What lasts from one connection to the next. Runs 1 to 3 are there.
struct Fixture {
  SharedState shared;
  WebSocketRooms rooms;
  Loop loop{shared, rooms, *shared.stats.emplace_back(std::make_unique<Stats>()),
            Limits{.body_bytes = 4096, .idle_ticks = 1000, .request_ticks = 1000}, nullptr};
  boost::asio::io_context context{1};
  boost::asio::executor_work_guard<Executor> guard{context.get_executor()};  // else poll() ends for good

  Fixture() {
    for (
        const char* plan :
        {R"({"failures":{"rate":0.5,"kinds":[503,"reset","reset_body","cut","garbage"],"retry_after":"1ms"}})",
         R"({"chain":2,"capacity":{"slots":1,"per_second":1000000,"burst":1000000}})",
         R"({"stream":{"events":3},"failures":{"rate":0.5,"kinds":["hang","drip","slow_accept"],"over":"0"}})"}) {
      shared.runs.create(parse_plan(plan), 0);
    }
  }
};

void read_all(int client) {
  std::array<char, 64 * 1024> bytes{};
  while (recv(client, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
  }
}

void exchange(Fixture& f, std::string_view input) {
  std::array<int, 2> pair{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) std::abort();
  Socket socket(f.context);
  socket.assign(boost::asio::ip::tcp::v4(), pair[0]);
  std::make_shared<Connection>(f.loop, std::move(socket), f.shared.next_connection++)->start();
  while (!input.empty()) {
    const auto length = std::min<std::size_t>(static_cast<unsigned char>(input.front()), input.size() - 1);
    if (length == 0) shutdown(pair[1], SHUT_WR);
    send(pair[1], input.data() + 1, length, MSG_NOSIGNAL | MSG_DONTWAIT);
    input.remove_prefix(1 + length);
    f.context.poll();
    read_all(pair[1]);
  }
  close(pair[1]);
  for (int i = 0; i < 8 && !(f.loop.connections.empty() && f.loop.members.empty()); ++i) f.context.poll();
  // What waits for its time, or lingers, is not waited for.
  while (!f.loop.connections.empty()) f.loop.connections.front().shared_from_this()->close();
  close_members(f.loop);
  f.context.poll();
  if (f.shared.open_connections != 0) std::abort();
}

}  // namespace
}  // namespace fanbench::server

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr int inputs_at_most = 512;  // what one input makes, others find; but memory has its bounds
  static std::unique_ptr<fanbench::server::Fixture> fixture;
  static int inputs = 0;
  if (inputs++ % inputs_at_most == 0) fixture = std::make_unique<fanbench::server::Fixture>();
  fanbench::server::exchange(*fixture, {reinterpret_cast<const char*>(data), size});
  return 0;
}
