// Members read and write by Beast's WebSocket stream; a room's lock makes the order the same for all.
#include "mock_server/net/websocket_rooms.hpp"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <utility>

namespace fanbench::server {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

namespace {

constexpr std::size_t max_message_bytes = 64 * 1024;
// Of messages that a member has not taken yet: one that reads too slowly is dropped rather than waited for.
constexpr std::size_t max_queued_bytes = std::size_t{4} << 20;

http::request<http::empty_body> handshake_of(const Request& request) {
  http::request<http::empty_body> handshake(http::verb::get, request.target, 11);
  for (const auto& [name, value] : request.fields) handshake.insert(name, value);
  return handshake;
}

}  // namespace

/// Kept alive by the read that it waits for, and by its room.
class WebSocketMember final : public std::enable_shared_from_this<WebSocketMember>, public RoomMember {
 public:
  WebSocketMember(Loop& loop, Socket socket, std::string room, std::shared_ptr<Run> run)
      : loop_(loop), stream_(std::move(socket)), room_(std::move(room)), run_(std::move(run)) {
    ++loop_.shared.open_connections;
    loop_.members.push_back(*this);
  }
  ~WebSocketMember() { close(); }

  void start(const Request& request) {
    stream_.read_message_max(max_message_bytes);
    stream_.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
    // Before the handshake's reply: a client that has it hears what is said from then on.
    loop_.rooms.enter(room_, shared_from_this());
    stream_.async_accept(handshake_of(request), [self = shared_from_this()](beast::error_code error) {
      if (error || self->closed_) return self->leave();
      self->accepted_ = true;
      if (!self->queue_.empty()) self->write();
      self->read();
    });
  }

  /// May be called from any thread.
  void deliver(std::shared_ptr<const Message> message) {
    asio::dispatch(stream_.get_executor(),
                   [self = shared_from_this(), message = std::move(message)]() mutable {
                     self->enqueue(std::move(message));
                   });
  }

  void close() override {
    if (std::exchange(closed_, true)) return;
    beast::error_code ignored;
    stream_.next_layer().close(ignored);
    unlink();
    --loop_.shared.open_connections;
    loop_.closed();
  }

 private:
  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (error || self->closed_) return self->leave();
      self->publish();
      self->read();
    });
  }

  void leave() {
    loop_.rooms.leave(room_, shared_from_this());
    close();
  }

  void publish() {
    const auto message = std::make_shared<const Message>(
        Message{.bytes = beast::buffers_to_string(buffer_.data()), .text = stream_.got_text()});
    buffer_.consume(buffer_.size());
    loop_.stats.messages_in.add();
    loop_.rooms.publish(room_, this, message, run_.get());
  }

  void enqueue(std::shared_ptr<const Message> message) {
    if (closed_) return;
    queued_bytes_ += message->bytes.size();
    queue_.push_back(std::move(message));
    if (queued_bytes_ > max_queued_bytes) return close();
    if (accepted_ && queue_.size() == 1) write();
  }

  void write() {
    stream_.text(queue_.front()->text);
    stream_.async_write(asio::buffer(queue_.front()->bytes),
                        [self = shared_from_this()](beast::error_code error, std::size_t) {
                          if (error) return;  // the read ends too, and closes
                          self->loop_.stats.messages_out.add();
                          if (self->run_) self->run_->message_written();
                          if (self->closed_) return;  // by who has all that it wants
                          self->queued_bytes_ -= self->queue_.front()->bytes.size();
                          self->queue_.pop_front();
                          if (!self->queue_.empty()) self->write();
                        });
  }

  Loop& loop_;
  websocket::stream<Socket> stream_;
  const std::string room_;
  const std::shared_ptr<Run> run_;
  beast::flat_buffer buffer_;
  std::deque<std::shared_ptr<const Message>> queue_;
  std::size_t queued_bytes_ = 0;
  bool accepted_ = false, closed_ = false;
};

void WebSocketRooms::enter(const std::string& room, std::shared_ptr<WebSocketMember> member) {
  const std::lock_guard lock(mutex_);
  rooms_[room].push_back(std::move(member));
}

void WebSocketRooms::leave(const std::string& room, const std::shared_ptr<WebSocketMember>& member) {
  const std::lock_guard lock(mutex_);
  const auto found = rooms_.find(room);
  if (found == rooms_.end()) return;
  std::erase(found->second, member);
  if (found->second.empty()) rooms_.erase(found);
}

void WebSocketRooms::publish(const std::string& room, const WebSocketMember* from,
                             const std::shared_ptr<const Message>& message, Run* run) {
  const std::lock_guard lock(mutex_);
  const auto is_other = [from](const auto& member) { return member.get() != from; };
  const auto& members = rooms_[room];
  if (run) run->message_said(static_cast<std::size_t>(std::ranges::count_if(members, is_other)));
  for (const auto& member : members) {
    if (is_other(member)) member->deliver(message);
  }
}

void WebSocketRooms::clear() {
  const std::lock_guard lock(mutex_);
  rooms_.clear();
}

bool is_upgrade(const Request& request) { return websocket::is_upgrade(handshake_of(request)); }

void join_room(Loop& loop, Socket socket, const Request& request, std::shared_ptr<Run> run) {
  std::string room = request.route.text;
  if (run) room = fmt::format("{}/{}", run->number, room);
  std::make_shared<WebSocketMember>(loop, std::move(socket), '/' + std::move(room), std::move(run))
      ->start(request);
}

void close_members(Loop& loop) {
  for (auto next = loop.members.begin(); next != loop.members.end();) (next++)->close();
}

}  // namespace fanbench::server
