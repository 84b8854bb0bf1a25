// The records that worker processes write: memory without a name, which the pool and all its workers map.
#pragma once

#include <span>

#include "impls/contract/records.hpp"
#include "impls/unique_fd.hpp"

namespace fanbench::processes {

class SharedRecords {
 public:
  static constexpr std::size_t most_calls = 1'000'000, most_attempts = 4'000'000;

  /// Makes the memory; pages of it take some only when they are written. Throws std::system_error.
  SharedRecords();
  /// Maps what another process has made.
  explicit SharedRecords(UniqueFd memory);
  SharedRecords(const SharedRecords&) = delete;
  SharedRecords& operator=(const SharedRecords&) = delete;
  ~SharedRecords();

  const UniqueFd& memory() const noexcept { return memory_; }
  std::span<CallRecord> calls() const noexcept;
  std::span<AttemptRecord> attempts() const noexcept;

 private:
  UniqueFd memory_;
  void* address_;
};

}  // namespace fanbench::processes
