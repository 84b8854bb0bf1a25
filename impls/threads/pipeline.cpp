// A thread for each item makes its three calls one after another; in mode barrier the threads wait for each
// other after each stage.
#include <barrier>
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/blocking/chain.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void pipeline(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  constexpr std::uint32_t stages = Scenario::stages;
  const std::uint32_t items = scenario.calls / stages;
  // The last thread to arrive does this before it lets them all go on.
  std::barrier stage_end(items, [&, next_stage = CallId{1}]() mutable noexcept {
    for (CallId id = next_stage; next_stage < stages && id < scenario.calls; id += stages) recorder.ready(id);
    ++next_stage;
  });
  std::vector<std::jthread> threads;
  // The others are not to wait for the threads that cannot be made: they go on, and are joined.
  struct Missing {
    std::ptrdiff_t items;
    const std::vector<std::jthread>& threads;
    decltype(stage_end)& barrier;
    ~Missing() {
      for (auto made = std::ssize(threads); made < items; ++made) barrier.arrive_and_drop();
    }
  } const missing{items, threads, stage_end};
  for (std::uint32_t item = 0; item < items; ++item) {
    threads.emplace_back([&, first = stages * item] {
      if (scenario.mode == Mode::streamed) return call_chain(client, scenario, first, recorder);
      Reply reply;
      for (CallId id = first; id < first + stages; ++id) {
        reply = call(client, {.run = scenario.run, .id = id, .cursor = reply.answer}, recorder);
        if (reply.verdict != Verdict::ok) {
          recorder.leave_out(id + 1, first + stages);
          return stage_end.arrive_and_drop();
        }
        stage_end.arrive_and_wait();
      }
    });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
