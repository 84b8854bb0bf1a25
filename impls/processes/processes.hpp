// The process model: `workers` processes make the calls, one at a time each, and tell the pool when they are
// done.
#pragma once

#include "impls/contract.hpp"
#include "impls/processes/process_pool.hpp"

namespace fanbench {

class Processes final : public Model {
 public:
  explicit Processes(const Setup& setup) : pool_(setup) {}

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
  ProcessPool pool_;
};

}  // namespace fanbench
