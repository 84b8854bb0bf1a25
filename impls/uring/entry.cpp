// What the catalogue says of the io_uring model and of its floor, whether they can be made or not.
#include "impls/uring/entry.hpp"

#include <algorithm>

#include "impls/http/lanes.hpp"

namespace fanbench::uring {
namespace {

/// Its own client; it has no other.
constexpr std::string_view own_transport = "native";

Needs needs(const Setup& setup, std::uint32_t tasks, std::uint32_t in_flight) {
  Needs needs = needs_of_loops(setup, tasks, in_flight);
  // One that is not kept closes when the kernel has ended what it was asked for, while the next is opened.
  if (setup.connection == Connection::per_call) needs.descriptors += in_flight;
  return needs;
}

}  // namespace

ModelEntry entry() {
  return {.name = "uring",
          .has_workers = true,
          .has_loops = true,
          .ready = "the ring, connections",
          .made = "a coroutine for each call",
          .make = make,
          .most_in_flight = [](const Setup&) { return UINT32_MAX; },
          .needs = needs,
          .supports =
              [](std::string_view workload, std::string_view transport) {
                return std::ranges::count(written, workload) > 0 && transport == own_transport;
              }};
}

ModelEntry floor_entry() {
  return {.name = "floor_uring",
          .yardstick = true,
          .ready = "the ring, connections",
          .made = "nothing",
          .make = make_floor,
          .most_in_flight = [](const Setup&) { return UINT32_MAX; },
          .needs = needs_of_loops,
          .supports =
              [](std::string_view workload, std::string_view transport) {
                return (workload == "gather" || workload == "semaphore") && transport == own_transport;
              }};
}

}  // namespace fanbench::uring
