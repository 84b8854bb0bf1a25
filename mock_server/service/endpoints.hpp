// The endpoints that need neither a run nor a connection: what they answer.
#pragma once

#include "mock_server/http/replies.hpp"
#include "mock_server/http/request.hpp"

namespace fanbench::server {

// All throw PlanError for what a client may get wrong.

Answer answer_anything(const Request& request);
Answer answer_bytes(const Route& route);
Answer answer_drip(const Route& route);
Answer answer_index();
Answer answer_pages(const Route& route);
Answer answer_status(const Route& route);
Answer answer_stream(const Route& route);

}  // namespace fanbench::server
