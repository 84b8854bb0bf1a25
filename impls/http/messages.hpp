// A broadcast's messages: what the publisher says, and what a subscriber makes of it.
#pragma once

#include <fmt/format.h>

#include <charconv>
#include <string>
#include <string_view>

#include "impls/contract/records.hpp"

namespace fanbench {

/// "<number> <value in hex>", as 64 bits have it.
inline std::string text_of_message(std::uint32_t number, std::uint64_t value) {
  return fmt::format("{} {:016x}", number, value);
}

inline constexpr const char* publisher_failed = "the publisher's connection failed";

/// The publisher's part: message n is said `n * interval` after the first.
class Publication {
 public:
  Publication(const Scenario& scenario, Recorder& recorder) : scenario_(scenario), recorder_(recorder) {}

  bool over() const noexcept { return next_ == scenario_.messages; }
  /// When the next message is to be said; the first at once.
  Recorder::Clock::time_point due() const noexcept { return first_ + next_ * scenario_.interval; }
  /// The next message, recorded as said now.
  std::string take() {
    const auto now = Recorder::Clock::now();
    if (next_ == 0) first_ = now;
    const std::uint64_t value = message_value(scenario_, next_);
    recorder_.event({now - recorder_.began(), Recorder::none, next_, value});
    return text_of_message(next_++, value);
  }

 private:
  const Scenario& scenario_;
  Recorder& recorder_;
  std::uint32_t next_ = 0;
  Recorder::Clock::time_point first_{};
};

/// A subscriber's: records each message when it comes.
class Subscription {
 public:
  Subscription(const Scenario& scenario, CallId id, Recorder& recorder)
      : scenario_(scenario), id_(id), recorder_(recorder) {}

  /// The last message has come.
  bool complete() const noexcept { return complete_; }
  void take(std::string_view text) {
    std::uint32_t number = Recorder::none;
    const char* const end = text.data() + text.size();
    const auto [space, error] = std::from_chars(text.data(), end, number);
    if (space != end) std::from_chars(space + 1, end, last_, 16);
    recorder_.event(id_, number, last_);
    complete_ = number + 1 == scenario_.messages;
  }
  /// What became of it: not all of it where it was given up, or the connection has ended.
  Reply reply(bool given_up) const noexcept {
    if (complete_) return {.verdict = Verdict::ok, .answer = last_};
    return {.verdict = given_up ? Verdict::cancelled : Verdict::transport_error};
  }

 private:
  const Scenario& scenario_;
  CallId id_;
  Recorder& recorder_;
  std::uint64_t last_ = 0;
  bool complete_ = false;
};

}  // namespace fanbench
