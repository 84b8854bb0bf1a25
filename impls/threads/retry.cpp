// All calls at once, each in a thread that tries again until it succeeds or its attempts are used up, and
// sleeps between. With a limit each attempt takes a permit of a fair semaphore, and gives it back before the
// thread sleeps.
#include "impls/blocking/retry.hpp"

#include <thread>
#include <vector>

#include "impls/blocking/fair_semaphore.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {
namespace {

void call_with_permits(BlockingClient& client, const Scenario& scenario, CallId id, FairSemaphore& permits,
                       Recorder& recorder) {
  const auto try_with_permit = [&] {
    const FairSemaphore::Permit permit(permits);
    return try_once(client, scenario, id, recorder);
  };
  while (const auto wait = try_with_permit()) std::this_thread::sleep_for(*wait);
}

}  // namespace

void retry(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  FairSemaphore permits(scenario.limit);
  std::vector<std::jthread> threads;
  for (CallId id = 0; id < scenario.calls; ++id) {
    threads.emplace_back([&, id] {
      if (scenario.limit == 0) return call_until_ok(client, scenario, id, recorder);
      call_with_permits(client, scenario, id, permits, recorder);
    });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
