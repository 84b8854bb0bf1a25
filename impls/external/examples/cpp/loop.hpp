// An event loop of calls and timers over libcurl's multi interface: your HTTP client goes here.
#pragma once

#include <curl/curl.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

using Clock = std::chrono::steady_clock;
using Nanoseconds = std::chrono::nanoseconds;

/// What a call came to.
struct Reply {
  std::string verdict = "cancelled";
  long status = 0;
  std::uint64_t answer = 0;
  Nanoseconds retry_after{};  // 0: the server did not say
};

class Loop {
 public:
  using Done = std::function<void(const Reply&)>;

  /// Connections are kept for later calls, or opened and closed by each.
  Loop(std::string server, bool keeps_connections);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  /// Begins a call; `done` is called with its reply. With a timeout above 0 it is given up after so long.
  void get(const std::string& path, Done done, Nanoseconds timeout = {});
  /// Gives all calls up that are under way.
  void cancel_all();
  /// Calls `then` at that time; where it is only beside the work, run() does not wait for it.
  void at(Clock::time_point time, std::function<void()> then, bool is_work = true);
  /// Until no call is under way, and no timer waits.
  void run();

 private:
  struct Call {
    CURL* handle;
    std::string body;
    Done done;
  };
  struct Timer {
    std::function<void()> then;
    bool is_work;
  };

  CURL* handle();
  void end(Call* call, Reply reply);
  void end_finished_calls();
  void fire_timers();
  int ms_until_next_timer() const;

  const std::string server_;
  const bool keeps_connections_;
  CURLM* multi_;
  std::map<CURL*, Call*> calls_;
  std::vector<CURL*> spare_;  // handles that were used
  std::multimap<Clock::time_point, Timer> timers_;
  int work_waits_ = 0;  // timers
};
