// The coroutine model: every call is a coroutine, and one thread runs them all on an event loop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <memory>

#include "impls/contract.hpp"
#include "impls/http/awaitable.hpp"

namespace fanbench {

class Coroutines final : public Model {
 public:
  explicit Coroutines(const Setup& setup);

  void gather(const Scenario& scenario, Recorder& recorder) override;
  void semaphore(const Scenario& scenario, Recorder& recorder) override;
  void first_completed(const Scenario& scenario, Recorder& recorder) override;
  void retry(const Scenario& scenario, Recorder& recorder) override;

 private:
  /// Runs the loop until `main` has ended; rethrows what it threw.
  void run(asio::awaitable<void> main);

  asio::io_context loop_{1};
  std::unique_ptr<AwaitableClient> client_;
};

}  // namespace fanbench
