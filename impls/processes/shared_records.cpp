// Makes and maps the shared memory.
#include "impls/processes/shared_records.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <system_error>

namespace fanbench::processes {
namespace {

constexpr std::size_t calls_bytes = sizeof(CallRecord) * SharedRecords::most_calls;
constexpr std::size_t all_bytes = calls_bytes + sizeof(AttemptRecord) * SharedRecords::most_attempts;
static_assert(calls_bytes % alignof(AttemptRecord) == 0);

UniqueFd make_memory() {
  UniqueFd memory(::memfd_create("fanbench-records", MFD_CLOEXEC));
  if (memory.get() < 0 || ::ftruncate(memory.get(), all_bytes) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make the shared memory for records");
  }
  return memory;
}

}  // namespace

SharedRecords::SharedRecords() : SharedRecords(make_memory()) {}

SharedRecords::SharedRecords(UniqueFd memory)
    : memory_(std::move(memory)),
      address_(::mmap(nullptr, all_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.get(), 0)) {
  if (address_ == MAP_FAILED) {
    throw std::system_error(errno, std::generic_category(), "cannot map the shared memory for records");
  }
}

SharedRecords::~SharedRecords() { ::munmap(address_, all_bytes); }

std::span<CallRecord> SharedRecords::calls() const noexcept {
  return {static_cast<CallRecord*>(address_), most_calls};
}
std::span<AttemptRecord> SharedRecords::attempts() const noexcept {
  return {reinterpret_cast<AttemptRecord*>(static_cast<char*>(address_) + calls_bytes), most_attempts};
}

}  // namespace fanbench::processes
