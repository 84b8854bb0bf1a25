// Stands in for the io_uring model where it is built without liburing: each of its cases says so.
#include "impls/uring/entry.hpp"

namespace fanbench::uring {

ModelEntry entry() {
  return {.name = "uring",
          .ready = "the ring, connections",
          .made = "a coroutine for each call",
          .make = [](const Setup&) -> std::unique_ptr<Model> {
            throw NotApplicable("this fanbench was built without liburing (Debian: liburing-dev)");
          },
          .most_in_flight = [](const Setup&) { return UINT32_MAX; },
          .needs = [](const Setup&, std::uint32_t, std::uint32_t) { return idle_process; },
          .supports =
              [](std::string_view workload, std::string_view transport) {
                return is_written(workload) && transport == own_transport;
              }};
}

}  // namespace fanbench::uring
