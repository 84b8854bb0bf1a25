// A thread for each stream reads it page by page; with prefetch a second one, made for the page, fetches the
// next meanwhile.
#include <thread>
#include <vector>

#include "impls/blocking/paging.hpp"
#include "impls/threads/threads.hpp"

namespace fanbench::threads {

void paginate(BlockingClient& client, const Scenario& scenario, Recorder& recorder) {
  std::vector<std::jthread> streams;
  for (CallId first = 0; first < scenario.calls; first += scenario.pages) {
    streams.emplace_back([&, first] { page_through(client, scenario, first, recorder); });
  }
}  // the threads are joined here

}  // namespace fanbench::threads
