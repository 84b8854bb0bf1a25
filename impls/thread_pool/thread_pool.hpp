// The thread pool model: `workers` threads take the calls from one queue and block in them.
#pragma once

#include <boost/asio/thread_pool.hpp>
#include <memory>

#include "impls/contract/model.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench::thread_pool {

namespace asio = boost::asio;

/// The threads, which live as long as it does, and the client that they share.
struct Pool {
  explicit Pool(const Setup& setup)
      : client(make_blocking_client(setup)), workers(setup.workers), threads(setup.workers) {}

  std::unique_ptr<BlockingClient> client;
  std::uint32_t workers;
  asio::thread_pool threads;
};

/// How a workload is done: by tasks of the pool, which all have ended when it returns.
using Workload = void(Pool& pool, const Scenario& scenario, Recorder& recorder);

ModelEntry entry();

}  // namespace fanbench::thread_pool
