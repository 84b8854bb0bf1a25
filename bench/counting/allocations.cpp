// Starts the program with the library that counts allocations, and reads what it counts.
#include "bench/counting/allocations.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string_view>

#include "bench/counting/allocation_counters.hpp"
#include "bench/machine/small_files.hpp"

namespace fanbench {
namespace {

namespace fs = std::filesystem;

constexpr const char* library_name = "libfanbench-count-allocations.so";

const AllocationCounters* counters() {
  using Get = decltype(&fanbench_allocation_counters);
  static const auto get = reinterpret_cast<Get>(::dlsym(RTLD_DEFAULT, "fanbench_allocation_counters"));
  return get ? get() : nullptr;
}

}  // namespace

std::optional<Allocations> allocations_so_far() {
  const AllocationCounters* all = counters();
  if (!all) return std::nullopt;
  return Allocations{.calls = all->calls, .bytes = all->bytes};
}

bool allocations_are_counted_in(pid_t process) {
  return read_text(fmt::format("/proc/{}/maps", process)).find(library_name) != std::string::npos;
}

void start_again_counting_allocations(char** argv) {
#ifdef FANBENCH_SANITIZED
  throw std::runtime_error(
      "--count-allocations: expected a build without sanitizers, which bring an allocator of their own; "
      "build with "
      "the preset release");
#endif
  const fs::path program = fs::canonical("/proc/self/exe");
  const fs::path library = program.parent_path() / library_name;
  const char* others = std::getenv("LD_PRELOAD");
  if (others && std::string_view(others).starts_with(library.native())) {
    throw std::runtime_error(
        fmt::format("--count-allocations: {} was not preloaded: does its path have a space or a colon?",
                    library.string()));
  }
  if (!fs::exists(library)) {
    throw std::runtime_error(
        fmt::format("--count-allocations: expected {}, which is missing: build it", library.string()));
  }
  const std::string preload = library.string() + (others && *others ? fmt::format(":{}", others) : "");
  ::setenv("LD_PRELOAD", preload.c_str(), 1);
  ::execv(program.c_str(), argv);
  throw std::runtime_error(fmt::format("cannot start {} again: {}", program.string(), std::strerror(errno)));
}

std::vector<std::string> environment_without_counting() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text(*variable);
    if (counters() && (text.starts_with("LD_PRELOAD=") || text.starts_with(allocation_counters_variable)))
      continue;
    variables.emplace_back(text);
  }
  return variables;
}

}  // namespace fanbench
