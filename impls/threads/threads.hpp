// The thread model: every call has a thread of its own, which blocks until the reply comes.
#pragma once

#include <memory>

#include "impls/contract.hpp"
#include "impls/http/blocking.hpp"

namespace fanbench {

class Threads final : public Model {
 public:
  explicit Threads(const Setup& setup) : client_(make_blocking_client(setup)) {}

  void gather(const Scenario& scenario, Recorder& recorder) override;
  void semaphore(const Scenario& scenario, Recorder& recorder) override;
  void first_completed(const Scenario& scenario, Recorder& recorder) override;
  void retry(const Scenario& scenario, Recorder& recorder) override;

 private:
  std::unique_ptr<BlockingClient> client_;
};

}  // namespace fanbench
