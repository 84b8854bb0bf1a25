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
  void all_settled(const Scenario& scenario, Recorder& recorder) override;
  void task_group(const Scenario& scenario, Recorder& recorder) override;
  void first_completed(const Scenario& scenario, Recorder& recorder) override;
  void timeout(const Scenario& scenario, Recorder& recorder) override;
  void semaphore(const Scenario& scenario, Recorder& recorder) override;
  void worker_pool(const Scenario& scenario, Recorder& recorder) override;
  void producer_consumer(const Scenario& scenario, Recorder& recorder) override;
  void pipeline(const Scenario& scenario, Recorder& recorder) override;
  void retry(const Scenario& scenario, Recorder& recorder) override;
  void paginate(const Scenario& scenario, Recorder& recorder) override;
  void mixed(const Scenario& scenario, Recorder& recorder) override;
  void cpu(const Scenario& scenario, Recorder& recorder) override;

 private:
  /// Runs the loop until `main` has ended; rethrows what it threw.
  void run(Awaitable<void> main);

  asio::io_context loop_{1};
  std::unique_ptr<AwaitableClient> client_;
};

}  // namespace fanbench
