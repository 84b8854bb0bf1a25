// Work that a coroutine of the loop has done by a pool of threads.
#pragma once

#include <boost/asio/thread_pool.hpp>

#include "impls/http/async.hpp"
#include "impls/kernel.hpp"

namespace fanbench::coroutines {

using CpuPool = asio::thread_pool::executor_type;

/// To be spawned there: whoever awaits that resumes on the loop.
inline asio::awaitable<Reply, CpuPool> digest_in_pool(const Scenario& scenario, Reply reply) {
  co_return digest(scenario, reply);
}

}  // namespace fanbench::coroutines
