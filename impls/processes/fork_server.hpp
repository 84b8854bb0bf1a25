// How worker processes come to be: a fork server, the program's own executable started anew, forks them on
// request. It has one thread and nothing else in its memory, so its forks are safe, cheap and small, unlike
// forks of ourselves.
#pragma once

#include <sys/types.h>

#include <span>

#include "impls/contract/model.hpp"
#include "impls/processes/shared_records.hpp"
#include "impls/unique_fd.hpp"

namespace fanbench::processes {

struct WorkerProcess {
  pid_t pid = -1;
  UniqueFd socket;  // jobs go in, Done comes out; it reads as ended when the worker is dead
};

class ForkServer {
 public:
  /// Starts it. Its workers will call the setup's server and take down what comes of it in the shared
  /// records.
  ForkServer(const Setup& setup, const UniqueFd& shared_records);
  ForkServer(const ForkServer&) = delete;
  ForkServer& operator=(const ForkServer&) = delete;
  /// Its workers must have been told to end: waits for them, and for the fork server.
  ~ForkServer();

  /// Throws std::runtime_error where the machine allows no more processes.
  WorkerProcess fork_worker();

 private:
  UniqueFd control_;
  pid_t pid_ = -1;
};

/// The fork server's own life: forks processes that run this worker, until the other end of its control
/// socket is closed.
using WorkerMain = void(int socket, const Setup& setup, const SharedRecords& records);
[[noreturn]] void run_fork_server(int argc, char** argv, WorkerMain& worker);
inline constexpr const char* fork_server_flag = "--fanbench-fork-server";

}  // namespace fanbench::processes
