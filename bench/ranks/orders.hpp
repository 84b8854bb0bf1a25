// What rank 0 says to the others, and they to it.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "bench/ranks/bytes.hpp"
#include "bench/suite/case.hpp"

namespace fanbench::ranks {

/// prepare: the case of this name, and what must be the same everywhere; everybody checks its part.
/// run: followed by begin_at or call_off, once the member has said that it is ready, and by go_on, once it
/// has said that its part has ended. leave: the case is over.
enum class Order : std::uint8_t { prepare, make_model, tell_memory, run, begin_at, call_off, go_on, leave };

/// The first byte of an answer. ready: begin_at is awaited; ended: go_on. not_applicable, limit, error: a
/// line follows.
enum class Answer : std::uint8_t { ready, ended, done, not_applicable, limit, error };

struct RunOrder {
  std::uint32_t k = 0;
  bool usage = false, counters = false;
};

/// This program, in one line: version, compiler, flags, and the linker's digest of it.
std::string build_of();

/// What has to be the same in all ranks: lines of text.
std::string fingerprint(const Case& whole);

/// The answer that an exception is.
std::string answer_of(const std::exception& failure);
/// Throws what the answer stands for, `who` before its line; nothing, where it is none of a failure.
void throw_failure(std::string_view answer, const std::string& who);

}  // namespace fanbench::ranks
