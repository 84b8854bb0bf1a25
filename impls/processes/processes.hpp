// The process model: `workers` processes make the calls, one at a time each, and tell the pool when they are
// done.
#pragma once

#include "impls/contract.hpp"
#include "impls/processes/worker_pool.hpp"

namespace fanbench {

class Processes final : public Model {
 public:
  explicit Processes(const Setup& setup) : pool_(setup) {}

  void gather(const Scenario& scenario, Recorder& recorder) override;
  void semaphore(const Scenario& scenario, Recorder& recorder) override;
  void first_completed(const Scenario& scenario, Recorder& recorder) override;
  void retry(const Scenario& scenario, Recorder& recorder) override;

 private:
  WorkerPool pool_;
};

}  // namespace fanbench
