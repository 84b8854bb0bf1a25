// The model whose calls another program makes: what is said to it, and what it says of its runs.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "impls/external/contestant.hpp"
#include "impls/external/program.hpp"
#include "impls/external/records.hpp"

namespace fanbench::external {
namespace {

namespace fs = std::filesystem;

constexpr int protocol = 1;

/// A folder for what it writes, gone with this.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string path = fs::temp_directory_path() / "fanbench-XXXXXX";
    if (::mkdtemp(path.data()) == nullptr)
      throw std::system_error(errno, std::generic_category(), "cannot make " + path);
    path_ = path;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const noexcept { return path_; }

 private:
  fs::path path_;
};

/// All parameters of a run, under the names of PROTOCOL.md.
Json run_line(std::string_view workload, const Scenario& scenario) {
  static constexpr const char* orders[] = {"fifo", "lifo", "priority"};
  return {{"do", "run"},
          {"workload", workload},
          {"run", scenario.run},
          {"calls", scenario.calls},
          {"seed", scenario.seed},
          {"limit", scenario.limit},
          {"attempts", scenario.attempts},
          {"backoff_ns", scenario.backoff.count()},
          {"heeds_retry_after", scenario.heeds_retry_after},
          {"deadline_ns", scenario.deadline.count()},
          {"scope", scenario.scope == Scope::call ? "call" : "group"},
          {"producers", scenario.producers},
          {"consumers", scenario.consumers},
          {"capacity", scenario.capacity},
          {"order", orders[static_cast<std::size_t>(scenario.order)]},
          {"mode", scenario.mode == Mode::barrier ? "barrier" : "streamed"},
          {"stages", Scenario::stages},
          {"pages", scenario.pages},
          {"prefetch", scenario.prefetch},
          {"consume_ns", scenario.consume.count()},
          {"kernel_steps", scenario.kernel_steps},
          {"cpus", scenario.cpus},
          {"placement", scenario.placement == Placement::in_line ? "in_line" : "offload"},
          {"watchdog", scenario.watchdog},
          {"critical_every", scenario.critical_every},
          {"hedge_after_ns", scenario.hedge_after.count()},
          {"copies", scenario.copies},
          {"callers", scenario.callers},
          {"interval_ns", scenario.interval.count()},
          {"grace_ns", scenario.grace.count()},
          {"services", scenario.services},
          {"hosts", scenario.hosts},
          {"messages", scenario.messages}};
}

class External final : public Model {
 public:
  External(const Contestant& contestant, Patience patience, const Setup& setup)
      : contestant_(contestant), patience_(patience), setup_(setup), program_(contestant) {
    hello_ = program_.ask({{"do", "hello"}, {"protocol", protocol}}, "hello", patience_.hello);
    if (hello_["hello"] != contestant.name)
      throw std::runtime_error(
          fmt::format("{} says in its hello that it is {}, expected \"{}\", as its contestant.toml does",
                      contestant.name, hello_["hello"].dump(), contestant.name));
    if (const Json its = hello_.value("protocol", Json()); its != protocol)
      throw std::runtime_error(
          fmt::format("{} speaks protocol {}, expected {}", contestant.name, its.dump(), protocol));
    if (const Json& names = hello_.contains("workloads") ? hello_["workloads"] : Json();
        !names.is_array() || !std::ranges::all_of(names, [](const Json& name) { return name.is_string(); }))
      throw std::runtime_error(fmt::format("{} says in its hello the workloads {}, expected a list of names",
                                           contestant.name, names.dump()));
  }

  void warm(std::uint32_t in_flight) override {
    // Connections are open at once as all calls wait while the last one is begun: 0.5 ms for each.
    const std::uint32_t wait_ms = std::max(50U, in_flight / 2);
    program_.ask({{"do", "prepare"},
                  {"host", setup_.host},
                  {"port", setup_.port},
                  {"connection", setup_.connection == Connection::reuse ? "reuse" : "per_call"},
                  {"connections", setup_.connection == Connection::reuse ? in_flight : 0},
                  {"workers", setup_.workers},
                  {"warm_path", fmt::format("/delay/{}ms", wait_ms)}},
                 "ready", patience_.prepare);
  }

  void run(std::string_view workload, const Scenario& scenario, Recorder&) override {
    const Json& names = hello_["workloads"];
    if (std::ranges::find(names, workload) == names.end()) {
      throw NotApplicable(fmt::format(
          "{} does not have {}: its hello names {}", contestant_.name, workload,
          names.empty() ? "none"
                        : fmt::format("{}", fmt::join(names.get<std::vector<std::string>>(), ", "))));
    }
    if (scenario.kernel_steps > 0 && kernel_steps_per_ms() <= 0)
      throw std::runtime_error(
          fmt::format("{} does not say in its hello how many kernel_steps_per_ms it makes, which {} needs",
                      contestant_.name, workload));
    program_.ask(run_line(workload, scenario), "done", setup_.patience);
  }

  void collect(Recorder& recorder) override {
    const fs::path file = records_.path() / "records";
    fs::remove(file);
    program_.ask({{"do", "report"}, {"path", file.string()}}, "written", patience_.report);
    try {
      read_records(file, recorder);
    } catch (const std::runtime_error& mistake) {
      throw std::runtime_error(fmt::format("{}: {}", contestant_.name, mistake.what()));
    }
  }

  double kernel_steps_per_ms() const override {
    const auto its = hello_.find("kernel_steps_per_ms");
    return its != hello_.end() && its->is_number() ? its->get<double>() : 0;
  }

  const Json& hello() const noexcept { return hello_; }
  bool end() { return program_.end(); }

 private:
  const Contestant contestant_;
  const Patience patience_;
  const Setup setup_;
  TemporaryFolder records_;
  Program program_;
  Json hello_;
};

}  // namespace

ModelEntry entry(const Contestant& contestant, Patience patience) {
  return {.name = contestant.name,
          .has_workers = contestant.has_workers,
          .is_program = true,
          .ready = "connections, and what the program keeps",
          .made = "what the program makes",
          .make = [contestant, patience](
                      const Setup& setup) { return std::make_unique<External>(contestant, patience, setup); },
          .most_in_flight = [has_workers = contestant.has_workers](
                                const Setup& setup) { return has_workers ? setup.workers : UINT32_MAX; },
          .needs =
              [](const Setup& setup, std::uint32_t, std::uint32_t in_flight) {
                return Needs{.descriptors = idle_process.descriptors + std::uint64_t{in_flight},
                             .tasks = idle_process.tasks + std::uint64_t{setup.workers},
                             .mappings = idle_process.mappings,
                             .memory_mb = 200};
              },
          .supports = [](std::string_view, std::string_view transport) { return transport == own_client; }};
}

Json hello_of(const Contestant& contestant) {
  External model(contestant, {}, {});
  Json said = model.hello();
  if (!model.end())
    throw std::runtime_error(fmt::format(
        "{} does not end by itself, with status 0 and within 2 s, when its input ends", contestant.name));
  return said;
}

}  // namespace fanbench::external
