// The sequential model: one call after another. The baseline of all others.
#pragma once

#include <memory>

#include "impls/contract.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench {

class Sequential final : public Model {
 public:
  explicit Sequential(const Setup& setup) : client_(make_blocking_client(setup)) {}

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
  std::unique_ptr<BlockingClient> client_;
};

}  // namespace fanbench
