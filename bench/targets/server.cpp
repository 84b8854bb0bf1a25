// Starts and ends the mock server.
#include "bench/targets/server.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <vector>

#include "bench/counting/allocations.hpp"
#include "bench/machine/cpus.hpp"

namespace fanbench {
namespace {

std::string end_of(int status) {
  if (WIFSIGNALED(status))
    return fmt::format("killed by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return fmt::format("exit status {}", WEXITSTATUS(status));
}

/// Ends with null, as exec wants it.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// The program as a child with its standard output in a pipe, of which the reading end is returned.
std::pair<pid_t, int> start(const std::filesystem::path& program) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  const std::string path = program.string();
  // Warm connections may be idle for long, while another run of many calls lasts.
  std::vector<std::string> words = {"fanbench-server", "--port", "0", "--idle-timeout", "3600s"};
  std::vector<std::string> variables = environment_without_counting();
  const std::vector<char*> arguments = pointers_to(words), environment = pointers_to(variables);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "cannot start the mock server");
  if (pid == 0) {  // only async-signal-safe calls from here on
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(pipe[1], STDOUT_FILENO);
    ::execve(path.c_str(), arguments.data(), environment.data());
    ::_exit(127);
  }
  ::close(pipe[1]);
  return {pid, pipe[0]};
}

std::string read_line(int fd) {
  std::string line;
  char c = 0;
  while (::read(fd, &c, 1) == 1 && c != '\n') line += c;
  ::close(fd);
  return line;
}

}  // namespace

MockServer::MockServer(const std::filesystem::path& program, const std::vector<int>& cpus) {
  const std::vector<int> own = allowed_cpus();
  if (!cpus.empty()) pin_thread(cpus);  // what is started there stays there
  const auto [pid, output] = start(program);
  pid_ = pid;
  if (!cpus.empty()) pin_thread(own);
  const std::string line = read_line(output);
  const auto ready = nlohmann::json::parse(line, nullptr, false);
  if (!ready.is_object()) {
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    throw std::runtime_error(
        fmt::format("the mock server {} did not start ({}): is it built?", program.string(), end_of(status)));
  }
  listens_at({{.host = ready.at("address"), .port = ready.at("port")}});
}

MockServer::~MockServer() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

std::string MockServer::cause_of_silence() {
  int status = 0;
  if (pid_ < 0 || ::waitpid(pid_, &status, WNOHANG) != pid_) return {};
  const pid_t dead = std::exchange(pid_, -1);
  return fmt::format("the mock server (process {}) died: {}", dead, end_of(status));
}

}  // namespace fanbench
