// Collects what the files of this folder find out.
#include "bench/machine/machine.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "bench/counting/syscalls.hpp"
#include "bench/machine/calibration.hpp"
#include "bench/machine/cpus.hpp"
#include "bench/machine/limits.hpp"
#include "bench/machine/machine_load.hpp"
#include "bench/machine/provenance.hpp"
#include "bench/machine/small_files.hpp"

namespace fanbench {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
Json or_null(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}
Json or_null(std::uint64_t count) { return count == unlimited ? Json(nullptr) : Json(count); }

Json to_json(const Allowance& allowance) {
  return {{"count", or_null(allowance.count)}, {"by", allowance.by}};
}

Json limits() {
  const Allowances allowed = read_allowances();
  Json tasks = Json::array();
  for (const Allowance& allowance : allowed.tasks) tasks.push_back(to_json(allowance));
  return {{"descriptors", to_json(allowed.descriptors)},
          {"tasks", std::move(tasks)},
          {"mappings", to_json(allowed.mappings)},
          {"ports", to_json(allowed.ports)},
          {"memory_mb", to_json(allowed.memory_mb)}};
}

Json ports() {
  const auto range = port_range();
  if (!range) return nullptr;
  return {{"first", range->first}, {"last", range->second}, {"reused", ports_are_reused(true)}};
}

std::optional<double> cores_of_others() {
  const MachineLoad load(0);
  std::this_thread::sleep_for(std::chrono::milliseconds(250));
  return load.of_others();
}

std::optional<double> load_1m() {
  std::array<double, 1> load{};
  return ::getloadavg(load.data(), 1) == 1 ? std::optional(load[0]) : std::nullopt;
}

/// A line of text without its end; nothing where there is no such file.
std::optional<std::string> line_of(const char* file) {
  std::string text = read_text(file);
  if (text.empty()) return std::nullopt;
  return text.substr(0, text.find('\n'));
}

std::optional<int> perf_event_paranoid() {
  const auto line = line_of("/proc/sys/kernel/perf_event_paranoid");
  return line ? std::optional(std::atoi(line->c_str())) : std::nullopt;
}

}  // namespace

Json describe_machine() {
  const std::vector<int> allowed = allowed_cpus();
  const std::vector<std::vector<int>> cores = physical_cores(allowed);
  const CpuShares cpus = share(cores, Pin::apart);
  const Memory memory = read_memory();
  const std::map<std::string, std::string> facts = provenance();
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  const auto count_of = [](rlim_t limit) { return limit == RLIM_INFINITY ? unlimited : limit; };
  return {{"cores", allowed},
          {"physical_cores", cores},
          {"client_cpus", cpus.client},
          {"server_cpus", cpus.server},
          {"cpu", facts.at("cpu")},
          {"kernel", facts.at("kernel")},
          {"busy_cores", or_null(cores_of_others())},
          {"load_1m", or_null(load_1m())},
          {"kernel_steps_per_ms", kernel_steps_per_ms()},
          {"governor", or_null(line_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))},
          {"memory_bytes", or_null(memory.total)},
          {"memory_available_bytes", or_null(memory.available)},
          {"descriptor_soft", or_null(count_of(descriptors.rlim_cur))},
          {"descriptor_hard", or_null(count_of(descriptors.rlim_max))},
          {"limits", limits()},
          {"ports", ports()},
          {"counts_syscalls", SyscallCounter::open(0).has_value()},
          {"tracepoints_readable", SyscallCounter::tracepoint_is_readable()},
          {"perf_event_paranoid", or_null(perf_event_paranoid())},
          {"root", ::geteuid() == 0},
          {"fanbench", facts.at("fanbench")},
          {"compiler", facts.at("compiler")},
          {"flags", facts.at("flags")},
          {"libraries",
           {{"boost", facts.at("boost")}, {"libcurl", facts.at("libcurl")}, {"tbb", facts.at("tbb")}}}};
}

}  // namespace fanbench
