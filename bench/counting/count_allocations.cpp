// The library that counts allocations: preloaded, it stands before the C library's malloc family.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "bench/counting/allocation_counters.hpp"

// The C library's own names for them: to look "the next malloc" up would itself allocate.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

namespace {

using fanbench::AllocationCounters;

constinit AllocationCounters before_main{};  // until the shared ones are there
constinit std::atomic<AllocationCounters*> counters = &before_main;

/// The first process makes them and says in its environment where they are. The path leads through its
/// descriptor, which therefore stays open.
int open_shared() {
  if (const char* path = std::getenv(fanbench::allocation_counters_variable))
    return ::open(path, O_RDWR | O_CLOEXEC);
  const int file = ::memfd_create("fanbench-allocations", MFD_CLOEXEC);
  if (file < 0 || ::ftruncate(file, sizeof(AllocationCounters)) != 0) return -1;
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/fd/%d", static_cast<int>(::getpid()), file);
  ::setenv(fanbench::allocation_counters_variable, path, 1);
  return file;
}

[[gnu::constructor]] void share_counters() {
  constexpr std::size_t size = sizeof(AllocationCounters);
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, open_shared(), 0);
  if (memory == MAP_FAILED) {
    std::fputs("fanbench: the counters of allocations cannot be shared between processes\n", stderr);
    ::_exit(2);
  }
  counters = static_cast<AllocationCounters*>(memory);  // zeros, which is what these atomics begin with
}

void count(std::size_t bytes) noexcept {
  AllocationCounters& all = *counters.load(std::memory_order_relaxed);
  all.calls.fetch_add(1, std::memory_order_relaxed);
  all.bytes.fetch_add(bytes, std::memory_order_relaxed);
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED const AllocationCounters* fanbench_allocation_counters() noexcept { return counters; }

EXPORTED void* malloc(std::size_t bytes) {
  count(bytes);
  return __libc_malloc(bytes);
}
EXPORTED void* calloc(std::size_t number, std::size_t bytes) {
  count(number * bytes);
  return __libc_calloc(number, bytes);
}
EXPORTED void* realloc(void* memory, std::size_t bytes) {
  count(bytes);
  return __libc_realloc(memory, bytes);
}
EXPORTED void* memalign(std::size_t alignment, std::size_t bytes) {
  count(bytes);
  return __libc_memalign(alignment, bytes);
}
EXPORTED void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  count(bytes);
  return __libc_memalign(alignment, bytes);
}
EXPORTED int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  count(bytes);
  void* const found = __libc_memalign(alignment, bytes);
  if (!found) return ENOMEM;
  *memory = found;
  return 0;
}
// Not counted; here so that the whole family is of one allocator, whatever else is preloaded.
EXPORTED void free(void* memory) { __libc_free(memory); }
