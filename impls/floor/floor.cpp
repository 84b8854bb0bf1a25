// The floor's workloads.
#include "impls/floor/floor.hpp"

#include "impls/http/lanes.hpp"
#include "impls/table.hpp"

namespace fanbench::floor {

// Functions, a file each.
Workload gather, semaphore;

namespace {

constexpr WorkloadRow<Workload> table[] = {
    {"gather", gather},
    {"semaphore", semaphore},
};

class Floor final : public Model {
 public:
  explicit Floor(const Setup& setup) : loop_(setup) {}

  void warm(std::uint32_t in_flight) override { loop_.warm(in_flight); }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    if (scenario.watchdog) throw NotApplicable("a bare loop: nothing beats beside the calls");
    find(table, workload)(loop_, scenario, recorder);
  }

 private:
  Loop loop_;
};

}  // namespace

ModelEntry entry() {
  return {.name = "floor",
          .yardstick = true,
          .ready = "connections, watched",
          .made = "nothing",
          .make = [](const Setup& setup) { return std::make_unique<Floor>(setup); },
          .most_in_flight = [](const Setup&) { return UINT32_MAX; },
          .needs = needs_of_loops,
          .supports =
              [](std::string_view workload, std::string_view transport) {
                return has(table, workload) && transport == own_transport;
              }};
}

}  // namespace fanbench::floor
