// Starts, asks and ends the mock server.
#include "bench/targets/server.hpp"

#include <curl/curl.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
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

#include "bench/machine/allocations.hpp"

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
std::pair<pid_t, int> start(const std::filesystem::path& program, std::optional<int> cpu) {
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
    if (cpu) {
      cpu_set_t set;
      CPU_ZERO(&set);
      CPU_SET(*cpu, &set);
      ::sched_setaffinity(0, sizeof set, &set);
    }
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

struct MockServer::Control {
  CURL* easy = curl_easy_init();
  ~Control() { curl_easy_cleanup(easy); }
};

MockServer::MockServer(const std::filesystem::path& program, std::optional<int> cpu)
    : control_(std::make_unique<Control>()) {
  const auto [pid, output] = start(program, cpu);
  pid_ = pid;
  const std::string line = read_line(output);
  const auto ready = nlohmann::json::parse(line, nullptr, false);
  if (!ready.is_object()) {
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(pid_, &status, 0);
    throw std::runtime_error(
        fmt::format("the mock server {} did not start ({}): is it built?", program.string(), end_of(status)));
  }
  host_ = ready.at("address");
  port_ = ready.at("port");
}

MockServer::~MockServer() {
  if (pid_ < 0) return;
  control_.reset();
  ::kill(pid_, SIGTERM);
  ::waitpid(pid_, nullptr, 0);
}

std::uint64_t MockServer::create_run(const Plan& plan) {
  return nlohmann::json::parse(exchange("POST", "/runs", format_plan(plan), 201)).at("run");
}

Ledger MockServer::ledger(std::uint64_t run) {
  return parse_ledger(exchange("GET", fmt::format("/runs/{}", run), {}, 200));
}

void MockServer::forget(std::uint64_t run) { exchange("DELETE", fmt::format("/runs/{}", run), {}, 204); }

std::string MockServer::exchange(const char* method, const std::string& target, const std::string& body,
                                 long expected_status) {
  std::string reply;
  CURL* easy = control_->easy;
  curl_easy_reset(easy);  // keeps the connection
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_URL, fmt::format("http://{}:{}{}", host_, port_, target).c_str());
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, 60L);
  if (!body.empty()) curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reply);
  curl_easy_setopt(
      easy, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* into) {
        static_cast<std::string*>(into)->append(data, size);
        return size;
      });
  const CURLcode result = curl_easy_perform(easy);
  if (result != CURLE_OK) {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      const pid_t dead = std::exchange(pid_, -1);
      throw std::runtime_error(fmt::format("the mock server (process {}) died: {}", dead, end_of(status)));
    }
    throw std::runtime_error(
        fmt::format("the mock server does not answer {} {}: {}", method, target, curl_easy_strerror(result)));
  }
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  if (status != expected_status) {
    throw std::runtime_error(fmt::format("the mock server answers {} {} with {} instead of {}: {}", method,
                                         target, status, expected_status, reply));
  }
  return reply;
}

}  // namespace fanbench
