// Allocations: counted by a library that is preloaded into this program and its descendants.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace fanbench {

/// Calls of malloc and its family and the bytes that they asked for, in this process and its descendants. A
/// realloc counts as an allocation of its new size; free is not counted.
struct Allocations {
  std::uint64_t calls = 0, bytes = 0;

  friend Allocations operator+(Allocations a, Allocations b) {
    return {.calls = a.calls + b.calls, .bytes = a.bytes + b.bytes};
  }
  friend Allocations operator-(Allocations a, Allocations b) {
    return {.calls = a.calls - b.calls, .bytes = a.bytes - b.bytes};
  }
};

/// So far; to be used as a difference. Nothing where the library is not preloaded.
std::optional<Allocations> allocations_so_far();

/// Whether the library is in that process too: not in one that is linked statically.
bool allocations_are_counted_in(pid_t process);

/// Starts this program again with the same words (`argv`, null at its end) and the library preloaded: returns
/// only by throwing std::runtime_error. The library stands beside the program.
[[noreturn]] void start_again_counting_allocations(char** argv);

/// The environment without the library, for programs that are not to be counted.
std::vector<std::string> environment_without_counting();

}  // namespace fanbench
