// Buffers that the kernel takes one of when something has come, and not before.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "impls/uring/loop.hpp"

namespace fanbench::uring {

/// The loop's buffers, as a ring that it shares with the kernel. The loop outlives them.
class Buffers {
 public:
  static constexpr std::uint16_t group = 0;

  /// Throws std::system_error.
  explicit Buffers(Loop& loop);
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;
  ~Buffers();

  /// What has come, by the flags of its completion; to be given back when it was used.
  std::string_view taken(std::uint32_t flags, int bytes) const;
  void give_back(std::uint32_t flags);

 private:
  static constexpr std::uint32_t count = 2048, size = 1024;  // a power of two; of bytes, each

  char* buffer(std::uint32_t index) const { return bytes_.get() + std::size_t{index} * size; }

  struct Unmap {
    void operator()(io_uring_buf_ring* shared) const noexcept;
  };
  Loop& loop_;
  std::unique_ptr<io_uring_buf_ring, Unmap> shared_;
  std::unique_ptr<char[]> bytes_;
};

}  // namespace fanbench::uring
