// The bench's program.
#include "bench/program.hpp"

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "bench/catalogue/catalogue.hpp"
#include "bench/counting/allocations.hpp"
#include "bench/machine/calibration.hpp"
#include "bench/machine/cpus.hpp"
#include "bench/machine/machine.hpp"
#include "bench/measuring.hpp"
#include "bench/suite/contestants.hpp"
#include "bench/suite/suite.hpp"
#include "bench/targets/running_server.hpp"

namespace fanbench {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string suite{}, contestant{};
  bool list = false, machine = false, catalogue = false;
  std::string hello{};
  bool count_allocations = false;
  std::optional<double> kernel_steps_per_ms{};
  MeasuringOptions measuring;
};

Suite read_resolved_suite(const Options& options) {
  Suite suite = read_suite(options.suite, options.contestant);
  const auto cores = physical_cores(allowed_cpus());
  for (Case& c : suite.cases) resolve(c, static_cast<std::uint32_t>(share(cores, c.pin).client.size()));
  return suite;
}

nlohmann::ordered_json describe_contestant(const std::string& folder) {
  const external::Contestant contestant = read_contestant(folder);
  nlohmann::ordered_json description = to_json(contestant);
  description["hello"] = external::hello_of(contestant);
  return description;
}

int print(const nlohmann::ordered_json& document) {
  fmt::print("{}\n", document.dump(2));
  return 0;
}

/// Nothing: go on with the options. Else the exit status.
std::optional<int> read_command_line(int argc, char** argv, Options& options) {
  CLI::App app(
      "Measures the cases of a suite, verified against the mock server. Google Benchmark's options work "
      "too.");
  app.add_option("--suite", options.suite, "the suite, a TOML file");
  app.add_option("--contestant", options.contestant,
                 "the suite's scenarios of the contestant in this folder alone, whatever models they name");
  app.add_flag("--list", options.list,
               "print the suite's cases as JSON and run nothing; with --server, if that answers");
  app.add_flag("--machine", options.machine, "print what this machine is and allows as JSON and run nothing");
  app.add_flag("--catalogue", options.catalogue,
               "print what workloads, keys, models, transports and figures there are, as JSON");
  app.add_option(
      "--hello", options.hello,
      "start the contestant in this folder, print what it is and what it says of itself as JSON, and "
      "end it");
  app.add_option("--case", options.measuring.cases, "run only the case of this name (may be given again)");
  app.add_option("--server", options.measuring.server,
                 "measure against the fanbench server that runs at HOST:PORT, instead of one of our own");
  app.add_option("--server-program", options.measuring.server_program, "the mock server's program")
      ->capture_default_str();
  app.add_flag(
      "--turns", options.measuring.turns,
      "with one --case: make it ready, then some iterations for each line \"turn\" of the input, until that "
      "ends");
  app.add_flag("!--unwatched", options.measuring.watched,
               "leave out the runs in which memory, threads, descriptors and system calls are watched, and "
               "their figures");
  app.add_option("--records", options.measuring.records,
                 "write the calls of the last iteration to this file, as JSON");
  app.add_option("--kernel-steps-per-ms", options.kernel_steps_per_ms,
                 "how much work a millisecond is, as --machine prints it: the same for benches that are "
                 "compared; measured anew if left out")
      ->check(CLI::PositiveNumber);
  app.add_flag("--count-allocations", options.count_allocations,
               "count allocations and their bytes too, which takes time: for no other figures");
  options.measuring.writes_file = std::any_of(
      argv, argv + argc, [](std::string_view word) { return word.starts_with("--benchmark_out="); });
  benchmark::Initialize(&argc, argv);
  try {
    app.parse(argc, argv);
    if (options.suite.empty() && options.hello.empty() && !options.machine && !options.catalogue)
      throw CLI::RequiredError("--suite");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace

int run_bench(int argc, char** argv) try {
  Options options;
  options.measuring.server_program = fs::canonical("/proc/self/exe").parent_path() / "fanbench-server";
  // With their null: Google Benchmark takes some of them away.
  std::vector<char*> words(argv, argv + argc + 1);
  if (const auto status = read_command_line(argc, argv, options)) return *status;
  if (options.kernel_steps_per_ms) set_kernel_steps_per_ms(*options.kernel_steps_per_ms);
  if (options.machine) return print(describe_machine());
  if (options.catalogue) return print(catalogue());
  if (!options.hello.empty()) return print(describe_contestant(options.hello));
  if (options.count_allocations && !allocations_so_far()) start_again_counting_allocations(words.data());
  const Suite suite = read_resolved_suite(options);
  if (options.list) {
    if (!options.measuring.server.empty()) const RunningServer is_there(options.measuring.server);
    return print(to_json(suite));
  }
  return measure(suite, options.measuring);
} catch (const std::exception& error) {
  fmt::print(stderr, "fanbench-bench: {}\n", error.what());
  return 2;
}

}  // namespace fanbench
