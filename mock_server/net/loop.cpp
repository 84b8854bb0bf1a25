// Where connections are known in full, which the lists of them need.
#include "mock_server/net/loop.hpp"

#include "mock_server/net/connection.hpp"

namespace fanbench::server {

Loop::Loop(SharedState& shared_by_all, WebSocketRooms& all_rooms, Stats& own_stats, const Limits& own_limits,
           std::FILE* log_file)
    : shared(shared_by_all), rooms(all_rooms), stats(own_stats), limits(own_limits), log(log_file) {}

Loop::~Loop() = default;

void Loop::closed() const {
  if (draining && connections.empty() && members.empty()) on_last_closed();
}

}  // namespace fanbench::server
