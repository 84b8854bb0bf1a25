// This thread starts a thread for each call that comes and waits for the signal in between: signals that all
// threads block are taken by who waits for them, and interrupt nobody.
#include <thread>
#include <vector>

#include "impls/blocking/draining.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void drain(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  Draining calls(client, scenario, recorder);
  std::vector<std::jthread> threads;
  while (const auto id = calls.next()) {
    threads.emplace_back([&calls, id = *id] { calls.make(id); });
  }
  calls.end();
}  // the threads are joined here

}  // namespace fanbench::threads
