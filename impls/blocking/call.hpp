// One call by a thread that blocks in it.
#pragma once

#include "impls/contract/records.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench {

/// One call of one attempt, recorded.
inline Reply call(BlockingClient& client, const Request& request, Recorder& recorder,
                  const Until& until = {}) {
  recorder.start(request.id);
  const Reply reply = client.get(request, until);
  recorder.finish(request.id, reply);
  return reply;
}

}  // namespace fanbench
