// The log of replies: a line of JSON each.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>

#include "mock_server/http/request.hpp"
#include "mock_server/runs/ledger.hpp"

namespace fanbench::server {

/// `request`: null where it could not be parsed. `taken`: from its arrival to the end of the reply.
void log_reply(std::FILE* log, Ledger::ConnectionNumber connection, const Request* request,
               std::uint16_t status, std::chrono::nanoseconds taken);

}  // namespace fanbench::server
