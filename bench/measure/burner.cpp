// Burns CPU after each run of another model.
#include "bench/measure/burner.hpp"

#include <unistd.h>

#include <ctime>

#include "bench/machine/resources.hpp"

namespace fanbench {
namespace {

/// Uses so much CPU, for nothing.
void burn(Nanoseconds cpu) {
  const auto used = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + Nanoseconds(time.tv_nsec);
  };
  for (const Nanoseconds end = used() + cpu; used() < end;) {
  }
}

class Burner final : public Model {
 public:
  Burner(std::unique_ptr<Model> model, unsigned percent, pid_t server)
      : model_(std::move(model)), percent_(percent), server_(server) {}

  void warm(std::uint32_t in_flight) override {
    model_->warm(in_flight);
    alone_ = descendants(server_).empty();
  }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    const Nanoseconds before = cpu_so_far();
    model_->run(workload, scenario, recorder);
    burn((cpu_so_far() - before) * percent_ / 100);
  }
  void collect(Recorder& recorder) override { model_->collect(recorder); }
  double kernel_steps_per_ms() const override { return model_->kernel_steps_per_ms(); }

 private:
  /// All of /proc is walked for the descendants, within the timed run: not where there are none.
  Nanoseconds cpu_so_far() const { return alone_ ? cpu_of_process(::getpid()) : cpu_of_tree(server_); }

  std::unique_ptr<Model> model_;
  unsigned percent_;
  pid_t server_;
  bool alone_ = false;
};

}  // namespace

ModelEntry burning(ModelEntry model, unsigned percent, pid_t server) {
  model.make = [make = std::move(model.make), percent, server](const Setup& setup) {
    return std::make_unique<Burner>(make(setup), percent, server);
  };
  return model;
}

}  // namespace fanbench
