// The ring of buffers is memory that the kernel reads: a page for each 256 of them, and no system call to
// give one back.
#include "impls/uring/buffers.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <system_error>

namespace fanbench::uring {
namespace {

constexpr std::size_t ring_bytes(std::uint32_t buffers) { return buffers * sizeof(io_uring_buf); }

std::uint16_t index_in(std::uint32_t flags) {
  return static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
}

}  // namespace

void Buffers::Unmap::operator()(io_uring_buf_ring* shared) const noexcept {
  ::munmap(shared, ring_bytes(count));
}

Buffers::Buffers(Loop& loop) : loop_(loop), bytes_(new char[std::size_t{count} * size]) {
  void* const memory =
      ::mmap(nullptr, ring_bytes(count), PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (memory == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
  shared_.reset(static_cast<io_uring_buf_ring*>(memory));
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(memory);
  registration.ring_entries = count;
  registration.bgid = group;
  if (const int error = -io_uring_register_buf_ring(&loop.ring(), &registration, 0); error != 0)
    throw std::system_error(error, std::generic_category(), "io_uring_register_buf_ring");
  io_uring_buf_ring_init(shared_.get());
  for (std::uint32_t i = 0; i < count; ++i) {
    io_uring_buf_ring_add(shared_.get(), buffer(i), size, static_cast<std::uint16_t>(i),
                          io_uring_buf_ring_mask(count), static_cast<int>(i));
  }
  io_uring_buf_ring_advance(shared_.get(), count);
}

Buffers::~Buffers() { io_uring_unregister_buf_ring(&loop_.ring(), group); }

std::string_view Buffers::taken(std::uint32_t flags, int bytes) const {
  return {buffer(index_in(flags)), static_cast<std::size_t>(bytes)};
}

void Buffers::give_back(std::uint32_t flags) {
  const std::uint16_t index = index_in(flags);
  io_uring_buf_ring_add(shared_.get(), buffer(index), size, index, io_uring_buf_ring_mask(count), 0);
  io_uring_buf_ring_advance(shared_.get(), 1);
}

}  // namespace fanbench::uring
