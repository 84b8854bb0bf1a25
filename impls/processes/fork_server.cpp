// The fork server: started by exec, it forks worker processes and hands their sockets to the pool.
#include "impls/processes/fork_server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "impls/processes/worker.hpp"

namespace fanbench::processes {
namespace {

std::pair<UniqueFd, UniqueFd> make_socket_pair() {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot make a socket pair for a worker process");
  }
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

/// The answer to a request: a worker's process id, or -errno; with it, as ancillary data, its socket.
struct Forked {
  std::int64_t pid = 0;
};

/// Room for one descriptor as ancillary data, aligned as the kernel wants it.
union Ancillary {
  cmsghdr align;
  std::array<char, CMSG_SPACE(sizeof(int))> bytes;
};

void send_forked(int socket, Forked forked, int descriptor) {
  Ancillary ancillary{};
  iovec data{&forked, sizeof forked};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = ancillary.bytes.data();
    message.msg_controllen = ancillary.bytes.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ::sendmsg(socket, &message, MSG_NOSIGNAL);
}

WorkerProcess receive_forked(int socket) {
  Forked forked;
  Ancillary ancillary{};
  iovec data{&forked, sizeof forked};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = ancillary.bytes.data();
  message.msg_controllen = ancillary.bytes.size();
  if (::recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != sizeof forked) {
    throw std::runtime_error(
        "the fork server of the worker processes has ended: killed, or does main not call "
        "become_worker_if_asked?");
  }
  if (forked.pid < 0) {
    throw std::system_error(static_cast<int>(-forked.pid), std::generic_category(),
                            "cannot fork a worker process");
  }
  int descriptor = -1;
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message))
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  if (descriptor < 0) {  // the kernel leaves out what the receiver may not have
    throw std::runtime_error("cannot take the socket of a worker process: too many open descriptors");
  }
  return {.pid = static_cast<pid_t>(forked.pid), .socket = UniqueFd(descriptor)};
}

void die_with_parent() {
  const pid_t parent = ::getppid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before we asked
}

}  // namespace

ForkServer::ForkServer(const Setup& setup, const UniqueFd& shared_records) {
  auto [ours, theirs] = make_socket_pair();
  posix_spawn_file_actions_t files;
  ::posix_spawn_file_actions_init(&files);
  // Onto itself: that only makes it be inherited.
  ::posix_spawn_file_actions_adddup2(&files, theirs.get(), theirs.get());
  ::posix_spawn_file_actions_adddup2(&files, shared_records.get(), shared_records.get());
  std::vector<std::string> words = {"fanbench-worker",
                                    fork_server_flag,
                                    fmt::format("{}", theirs.get()),
                                    fmt::format("{}", shared_records.get()),
                                    setup.host,
                                    fmt::format("{}", setup.port),
                                    setup.transport,
                                    fmt::format("{}", static_cast<int>(setup.connection))};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int error = ::posix_spawn(&pid_, "/proc/self/exe", &files, nullptr, arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&files);
  if (error != 0) throw std::system_error(error, std::generic_category(), "cannot start the fork server");
  control_ = std::move(ours);
}

ForkServer::~ForkServer() {
  control_.reset();
  ::waitpid(pid_, nullptr, 0);
}

WorkerProcess ForkServer::fork_worker() {
  const char request = 'f';
  ::send(control_.get(), &request, sizeof request, MSG_NOSIGNAL);
  return receive_forked(control_.get());
}

void run_fork_server(int argc, char** argv, WorkerMain& worker) {
  if (argc != 8) ::_exit(2);
  die_with_parent();
  // Blocked before any worker exists, who inherits this: else a stop that comes early would end it.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, stop_signal());
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int control_fd = std::stoi(argv[2]);
  const int records_fd = std::stoi(argv[3]);
  const Setup setup{.host = argv[4],
                    .port = static_cast<std::uint16_t>(std::stoi(argv[5])),
                    .transport = argv[6],
                    .connection = static_cast<Connection>(std::stoi(argv[7]))};
  const SharedRecords records{UniqueFd(records_fd)};

  char request = 0;
  while (::recv(control_fd, &request, sizeof request, 0) == 1) {
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {  // workers that the pool has killed
    }
    auto [pool_end, worker_end] = make_socket_pair();
    const pid_t pid = ::fork();
    if (pid == 0) {
      die_with_parent();
      ::close(control_fd);
      pool_end.reset();
      worker(worker_end.get(), setup, records);
      ::_exit(0);
    }
    if (pid < 0) {
      send_forked(control_fd, {.pid = -errno}, -1);
    } else {
      send_forked(control_fd, {.pid = pid}, pool_end.get());
    }
  }
  while (::waitpid(-1, nullptr, 0) > 0) {
  }
  ::_exit(0);
}

}  // namespace fanbench::processes
