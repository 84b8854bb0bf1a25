#include "run.hpp"

#include <cinttypes>
#include <cstdio>
#include <stdexcept>

Run::Run(const nlohmann::json& said, Loop& with, Clock::time_point read)
    : scenario(said),
      calls(said["calls"]),
      loop(with),
      began(read),
      records(static_cast<std::size_t>(calls)) {}

void Run::attempt(int id, int number, Loop::Done done, Nanoseconds timeout) {
  const std::string path = "/runs/" + scenario["run"].dump() + "/calls/" + std::to_string(id) +
                           "?attempt=" + std::to_string(number);
  const std::int64_t started = now();
  Call& call = records[static_cast<std::size_t>(id)];
  if (number == 0) call.started = started;
  call.attempts = number + 1;
  const auto take_down = [this, id, number, started, done = std::move(done)](const Reply& reply) {
    Call& ended = records[static_cast<std::size_t>(id)];
    ended.finished = now();
    ended.reply = reply;
    attempts.push_back({id, number, started, ended.finished, reply});
    done(reply);
  };
  loop.get(path, take_down, timeout);
}

void Run::keep_beating() {
  const auto tick = [this] {
    beats.push_back(now());
    keep_beating();
  };
  loop.at(began + (beats.size() + 1) * std::chrono::milliseconds(10), tick, false);
}

void Run::write(const std::string& path) const {
  std::FILE* file = std::fopen(path.c_str(), "w");
  if (file == nullptr) throw std::runtime_error("cannot write " + path);
  for (std::size_t id = 0; id < records.size(); ++id) {
    const Call& c = records[id];
    std::fprintf(file, "call %zu %" PRId64 " %" PRId64 " %" PRId64 " %d %s %ld %016" PRIx64 "\n", id,
                 c.intended, c.started, c.finished, c.attempts, c.reply.verdict.c_str(), c.reply.status,
                 c.reply.answer);
  }
  if (scenario["workload"] == "retry") {
    for (const Attempt& a : attempts) {
      std::fprintf(file, "attempt %d %d %" PRId64 " %" PRId64 " %s %ld %016" PRIx64 " %" PRId64 "\n", a.id,
                   a.number, a.started, a.finished, a.reply.verdict.c_str(), a.reply.status, a.reply.answer,
                   static_cast<std::int64_t>(a.reply.retry_after.count()));
    }
  }
  for (std::size_t n = 0; n < beats.size(); ++n) std::fprintf(file, "beat %zu %" PRId64 "\n", n, beats[n]);
  if (chosen >= 0) std::fprintf(file, "chosen %d\n", chosen);
  if (tasks > 0) std::fprintf(file, "tasks %d\n", tasks);
  std::fclose(file);
}
