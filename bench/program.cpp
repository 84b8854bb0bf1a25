// The bench's program.
#include "bench/program.hpp"

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "bench/catalogue/catalogue.hpp"
#include "bench/counting/allocations.hpp"
#include "bench/machine/calibration.hpp"
#include "bench/machine/cpus.hpp"
#include "bench/machine/limits.hpp"
#include "bench/machine/machine.hpp"
#include "bench/measuring.hpp"
#include "bench/ranks/member.hpp"
#include "bench/ranks/orders.hpp"
#include "bench/ranks/relayed_party.hpp"
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
  std::uint32_t ranks = 0;
  int party = -1;
  bool hosts = false;
  bool count_allocations = false;
  std::optional<double> kernel_steps_per_ms{};
  MeasuringOptions measuring;
};

/// Of cases that differ in their ranks alone the first is left.
void set_ranks(Suite& suite, std::uint32_t ranks) {
  std::set<std::string> names;
  std::erase_if(suite.cases, [&](Case& c) {
    c.ranks = ranks;
    c.name = case_name(c);
    return !names.insert(c.name).second;
  });
}

Suite read_resolved_suite(const Options& options) {
  Suite suite = read_suite(options.suite, options.contestant);
  const auto cores = physical_cores(allowed_cpus());
  if (options.ranks > 0) set_ranks(suite, options.ranks);
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
  app.add_option("--ranks", options.ranks, "have each case made by so many ranks, whatever the suite says")
      ->check(CLI::Range(1U, max_ranks));
  app.add_flag(
      "--hosts", options.hosts,
      "print what all ranks' machines are and how their clocks differ as JSON and run nothing; for a bench "
      "that was started with others");
  app.add_option("--party", options.party, "the descriptor of a socket to the other ranks' relay")->group("");
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
    if (options.suite.empty() && options.hello.empty() && !options.machine && !options.catalogue &&
        !options.hosts)
      throw CLI::RequiredError("--suite");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

/// A rank's machine, as --machine prints it, with its host and its build.
nlohmann::ordered_json describe_rank(const ranks::Party& party) {
  return {{"host", party.hosts()[party.rank()]}, {"build", ranks::build_of()}, {"machine", describe_machine()}};
}

/// Those of all ranks, and their clocks beside rank 0's in µs.
int print_hosts(int relay) {
  if (relay < 0)
    throw std::runtime_error("--hosts: expected other ranks, got none: fanbench doctor --hosts starts them");
  ranks::RelayedParty party((UniqueFd(relay)));
  nlohmann::ordered_json all = nlohmann::ordered_json::array({describe_rank(party)});
  if (party.rank() > 0) {
    party.send(0, all[0].dump());
    try {
      party.receive(0);
    } catch (const ranks::Lost&) {  // the end
    }
    return 0;
  }
  for (std::uint32_t rank = 1; rank < party.size(); ++rank)
    all.push_back(nlohmann::ordered_json::parse(party.receive(rank)));
  const auto clocks = party.clocks();
  const auto us = [](ranks::Nanoseconds time) { return static_cast<double>(time.count()) / 1000; };
  for (std::uint32_t rank = 0; rank < party.size(); ++rank) {
    all[rank]["clock_offset_us"] = us(clocks[rank].offset);
    all[rank]["clock_uncertainty_us"] = us(clocks[rank].uncertainty);
  }
  return print(all);
}

/// The end of rank 0 is a member's, too.
int serve(const Suite& suite, const MeasuringOptions& options, ranks::Party& party) try {
  raise_descriptor_limit();
  ranks::serve(suite,
               {.server = options.server,
                .server_program = options.server_program,
                .cores = ranks::cores_of_rank(physical_cores(allowed_cpus()), party)},
               party);
  return 0;
} catch (const ranks::Lost&) {
  return 0;
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
  if (options.hosts) return print_hosts(options.party);
  if (options.count_allocations && !allocations_so_far()) start_again_counting_allocations(words.data());
  const Suite suite = read_resolved_suite(options);
  if (options.list) {
    if (!options.measuring.server.empty()) const RunningServer is_there(options.measuring.server);
    return print(to_json(suite));
  }
  if (options.party < 0) return measure(suite, options.measuring);
  ranks::RelayedParty party((UniqueFd(options.party)));
  if (party.rank() > 0) return serve(suite, options.measuring, party);
  const auto cores = physical_cores(allowed_cpus());
  options.measuring.ranks_have_cores =
      ranks::ranks_of_host(party) == 1 || ranks::cores_of_rank(cores, party).size() < cores.size();
  options.measuring.party = &party;
  return measure(suite, options.measuring);
} catch (const std::exception& error) {
  fmt::print(stderr, "fanbench-bench: {}\n", error.what());
  return 2;
}

}  // namespace fanbench
