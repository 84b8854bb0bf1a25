// Calls of which slow ones get a second copy, each copy a task on a thread of its own.
#pragma once

#include "impls/blocking/hedging.hpp"
#include "impls/thread_pool/tasks.hpp"

namespace fanbench::thread_pool {

/// Posts the first copies, waits until second ones are due and posts these, as far as there are tokens.
inline void make_hedged_calls(Pool& pool, const Scenario& scenario, Recorder& recorder) {
  Hedging calls(*pool.client, scenario, recorder);
  std::latch first(scenario.calls), second(scenario.copies);
  for (CallId id = 0; id < scenario.calls; ++id) {
    asio::post(pool.threads, [&, id] {
      calls.make_first(id);
      first.count_down();
    });
  }
  std::uint32_t spared = scenario.copies;
  calls.hedge([&](CallId id) {
    --spared;
    asio::post(pool.threads, [&, id] {
      calls.make_second(id);
      second.count_down();
    });
  });
  first.wait();
  second.count_down(spared);
  second.wait();
  calls.settle();
}

}  // namespace fanbench::thread_pool
