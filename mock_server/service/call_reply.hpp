// The reply to a call, as its plan has it: whole, in pieces, or broken.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "mock_server/http/replies.hpp"
#include "mock_server/plan/plan.hpp"
#include "mock_server/runs/open_call.hpp"

namespace fanbench::server {

/// How a reply goes on after the bytes that it begins with.
struct CallReply {
  std::size_t padding_bytes = 0;   // of '.'
  std::optional<Stream> stream{};  // instead
  bool lingers = false;            // it is the connection's last, and the client is given the time to read it
};

/// Appends what the reply to a call begins with, any reply but a reset one; says in `form` whether the
/// connection is kept after it, and in `call` how the call will have ended.
CallReply append_call_reply(std::string& out, ReplyForm& form, OpenCall& call);

/// What a 200 begins with on a kept HTTP/1.1 connection.
std::string ok_head(const Plan& plan);

/// What goes out before a planned reset. A whole status line and a whole field, but no end of the header.
/// Were nothing sent at all, libcurl (and others) would take a kept connection that dies for a stale one and
/// silently send the request again: the ledger would show a call that the client never counted.
inline constexpr std::string_view broken_head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Le";

}  // namespace fanbench::server
