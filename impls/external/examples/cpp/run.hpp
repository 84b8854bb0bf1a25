// One run of a workload: its parameters, and what is taken down of it.
#pragma once

#include <nlohmann/json.hpp>

#include "loop.hpp"

/// Times are nanoseconds since the run began.
struct Call {
  std::int64_t intended = 0, started = 0, finished = 0;
  int attempts = 0;
  Reply reply;
};
struct Attempt {
  int id = 0, number = 0;
  std::int64_t started = 0, finished = 0;
  Reply reply;
};

struct Run {
  Run(const nlohmann::json& said, Loop& with, Clock::time_point read);

  /// Begins an attempt at the call, and takes down what comes of it before it tells.
  void attempt(int id, int number, Loop::Done done, Nanoseconds timeout = {});
  /// The only one.
  void call(
      int id, Loop::Done done = [](const Reply&) {}, Nanoseconds timeout = {}) {
    attempt(id, 0, std::move(done), timeout);
  }
  /// Makes a tick of the heartbeat when each is due, for as long as the loop runs.
  void keep_beating();
  std::int64_t now() const { return Nanoseconds(Clock::now() - began).count(); }
  void write(const std::string& path) const;

  const nlohmann::json scenario;
  const int calls;
  Loop& loop;
  const Clock::time_point began;
  std::vector<Call> records;
  std::vector<Attempt> attempts;
  std::vector<std::int64_t> beats;
  int chosen = -1;
  int tasks = 0;  // the most that there were at once
};
