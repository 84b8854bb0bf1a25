// WebSocket rooms: what one member says, all others get, in the same order.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "mock_server/http/request.hpp"
#include "mock_server/net/loop.hpp"

namespace fanbench::server {

class WebSocketMember;

struct Message {
  std::string bytes;
  bool text = true;
};

/// Thread-safe.
class WebSocketRooms {
 public:
  void enter(const std::string& room, std::shared_ptr<WebSocketMember> member);
  void leave(const std::string& room, const std::shared_ptr<WebSocketMember>& member);
  /// To all in the room but the sender. `run`: whose ledger counts it, before anybody can have it; or null.
  void publish(const std::string& room, const WebSocketMember* from,
               const std::shared_ptr<const Message>& message, Run* run);

  void clear();

 private:
  std::mutex mutex_;
  std::map<std::string, std::vector<std::shared_ptr<WebSocketMember>>> rooms_;
};

/// The request asks for a WebSocket.
bool is_upgrade(const Request& request);
/// Answers the handshake and makes the connection a member of the room that the route names. `run`: whose
/// ledger counts the messages, or null.
void join_room(Loop& loop, Socket socket, const Request& request, std::shared_ptr<Run> run);
/// Closes all of the loop's members.
void close_members(Loop& loop);

}  // namespace fanbench::server
