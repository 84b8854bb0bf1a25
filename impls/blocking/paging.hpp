// How a model that blocks a thread for each call reads a stream of pages.
#pragma once

#include <future>
#include <thread>

#include "impls/blocking/call.hpp"

namespace fanbench {

/// Reads the pages from `first` on, one after another, and takes `consume` for each. With prefetch a second
/// thread fetches the next page meanwhile, and only that one.
inline void page_through(BlockingClient& client, const Scenario& scenario, CallId first, Recorder& recorder) {
  Request request{.run = scenario.run, .id = first};
  Reply page = call(client, request, recorder);
  while (page.more) {
    request = {.run = scenario.run, .id = request.id + 1, .cursor = page.answer};
    const auto fetch = [&] { return call(client, request, recorder); };
    if (scenario.prefetch > 0) {
      recorder.ready(request.id);
      std::future<Reply> next = std::async(std::launch::async, fetch);
      std::this_thread::sleep_for(scenario.consume);
      page = next.get();
    } else {
      std::this_thread::sleep_for(scenario.consume);
      recorder.ready(request.id);
      page = fetch();
    }
  }
  if (page.verdict == Verdict::ok) std::this_thread::sleep_for(scenario.consume);
  recorder.leave_out(request.id + 1, first + scenario.pages);
}

}  // namespace fanbench
