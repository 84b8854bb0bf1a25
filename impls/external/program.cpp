// Starts a contestant, speaks with it, and leaves nothing of it behind.
#include "impls/external/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <system_error>
#include <thread>

namespace fanbench::external {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_last_words = 4096, most_shown = 200;  // bytes
constexpr std::size_t most_last_lines = 5;

std::system_error failure(const std::string& what) { return {errno, std::generic_category(), what}; }

struct Pipe {
  UniqueFd read_end, write_end;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw failure("cannot make a pipe");
  return {.read_end = UniqueFd(ends[0]), .write_end = UniqueFd(ends[1])};
}

/// The leaders of contestants that run now.
std::set<pid_t>& leaders() {
  static std::set<pid_t> all;
  return all;
}

/// Some of what came, for people: one line, printable.
std::string shown(std::string_view text) {
  std::string line(text.substr(0, most_shown));
  std::ranges::replace_if(
      line, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line + (text.size() > most_shown ? "…" : "");
}

struct Process {
  pid_t pid = 0, parent = 0, session = 0;
  bool is_over = false;  // but nobody has waited for it
};

/// Source: proc(5), /proc/pid/stat: behind the name, in parentheses, are state, parent, group and session.
std::vector<Process> all_processes() {
  std::vector<Process> all;
  std::error_code ignored;  // processes come and go meanwhile
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    Process process;
    const std::string name = entry.path().filename();
    if (std::from_chars(name.data(), name.data() + name.size(), process.pid).ec != std::errc{}) continue;
    std::ifstream file(entry.path() / "stat");
    std::string stat, state, group;
    std::getline(file, stat);
    const auto behind_name = stat.rfind(')');
    if (behind_name == std::string::npos) continue;
    std::istringstream(stat.substr(behind_name + 1)) >> state >> process.parent >> group >> process.session;
    process.is_over = state == "Z";
    all.push_back(process);
  }
  return all;
}

/// The processes below this leader, those in its session, and those that left both and became ours, since we
/// take in who lost their parents.
std::vector<Process> left_of(pid_t leader) {
  std::vector<Process> all = all_processes();
  const pid_t self = ::getpid(), our_session = ::getsid(0);
  std::set<pid_t> found = {leader};
  for (std::size_t before = 0; before < found.size();) {
    before = found.size();
    for (const Process& p : all) {
      const bool lost = p.parent == self && p.session != our_session && !leaders().contains(p.pid);
      if (p.session == leader || found.contains(p.parent) || lost) found.insert(p.pid);
    }
  }
  // Those that are over are their parents' to wait for: some are ours.
  std::erase_if(all,
                [&](const Process& p) { return !found.contains(p.pid) || (p.is_over && p.parent != self); });
  return all;
}

pid_t start(const Contestant& contestant, int in, int out, int err) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, in, 0);
  ::posix_spawn_file_actions_adddup2(&actions, out, 1);
  ::posix_spawn_file_actions_adddup2(&actions, err, 2);
  ::posix_spawn_file_actions_addchdir_np(&actions, contestant.folder.c_str());
  sigset_t none, ignored_here;
  ::sigemptyset(&none);
  ::sigemptyset(&ignored_here);
  ::sigaddset(&ignored_here, SIGPIPE);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &ignored_here);
  ::posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

  const std::string build = "BUILD=" + contestant.build_folder().string();
  std::vector<char*> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with("BUILD=")) environment.push_back(*variable);
  }
  environment.push_back(const_cast<char*>(build.c_str()));
  environment.push_back(nullptr);
  std::array<const char*, 4> words = {"sh", "-c", contestant.command.c_str(), nullptr};
  pid_t pid = 0;
  errno = ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, const_cast<char**>(words.data()),
                        environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (errno != 0)
    throw failure(fmt::format("{} cannot be started in {}", contestant.name, contestant.folder.string()));
  return pid;
}

}  // namespace

Program::Program(const Contestant& contestant) : name_(contestant.name) {
  std::signal(SIGPIPE, SIG_IGN);       // one that has gone is seen when it is written to
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // what it leaves behind stays in our tree: counted, and ended
  Pipe in = make_pipe(), out = make_pipe(), err = make_pipe();
  pid_ = start(contestant, in.read_end.get(), out.write_end.get(), err.write_end.get());
  leaders().insert(pid_);
  in_ = std::move(in.write_end);
  out_ = std::move(out.read_end);
  err_ = std::move(err.read_end);
  for (const int fd : {out_.get(), err_.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
}

Program::~Program() { end(); }

bool Program::end() {
  in_.reset();
  const bool in_time = has_ended(Clock::now() + time_to_end);
  kill_all();
  return in_time && WIFEXITED(status_) && WEXITSTATUS(status_) == 0;
}

Json Program::ask(const Json& line, std::string_view key, Nanoseconds patience) {
  const std::string what = line.at("do");
  keep_last_words();
  if (read_some(out_.get(), heard_); !heard_.empty())
    fail(fmt::format("said more than one line, before \"{}\": {}", what, shown(heard_)));
  say(line.dump() + '\n', what);
  const std::string answer = hear(what, patience);
  Json said = Json::parse(answer, nullptr, false);
  if (said.is_object() && said.contains(key)) return said;
  fail(fmt::format("answered \"{}\" with {}, expected a line of JSON with \"{}\"", what, shown(answer), key));
}

void Program::say(const std::string& line, std::string_view what) {
  if (::write(in_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size())) return;
  fail_of_end(what);
}

/// The next line, without its end.
std::string Program::hear(std::string_view what, Nanoseconds patience) {
  const auto until = Clock::now() + patience;
  for (;;) {
    if (const auto end = heard_.find('\n'); end != std::string::npos) {
      std::string line = heard_.substr(0, end);
      heard_.erase(0, end + 1);
      return line;
    }
    if (heard_.size() > longest_answer)
      fail(fmt::format("answered \"{}\" with {} bytes without an end of line", what, heard_.size()));
    std::array<pollfd, 2> streams = {{{.fd = out_.get(), .events = POLLIN, .revents = 0},
                                      {.fd = err_.get(), .events = POLLIN, .revents = 0}}};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
    const int ready =
        left.count() > 0 ? ::poll(streams.data(), streams.size(), static_cast<int>(left.count())) : 0;
    if (ready == 0) {
      fail(fmt::format("did not answer \"{}\" within {} s: is what it says flushed?", what,
                       std::chrono::ceil<std::chrono::seconds>(patience).count()));
    }
    if (streams[1].revents != 0) keep_last_words();
    if (streams[0].revents != 0 && !read_some(out_.get(), heard_)) fail_of_end(what);
  }
}

/// Whether there may be more to come.
bool Program::read_some(int fd, std::string& text) {
  std::array<char, 65536> buffer;
  const ssize_t bytes = ::read(fd, buffer.data(), buffer.size());
  if (bytes > 0) text.append(buffer.data(), static_cast<std::size_t>(bytes));
  return bytes > 0 || (bytes < 0 && (errno == EAGAIN || errno == EINTR));
}

void Program::keep_last_words() {
  if (err_.get() < 0) return;
  if (!read_some(err_.get(), words_)) err_.reset();  // poll(2) leaves out who is below 0
  if (words_.size() > most_last_words) words_.erase(0, words_.size() - most_last_words);
}

/// The last lines that it said to people, as one: of a language's trace some say what happened, others where.
std::string Program::last_words() {
  for (std::size_t before = SIZE_MAX; before != words_.size();) {
    before = words_.size();
    keep_last_words();
  }
  std::vector<std::string> lines;
  std::istringstream said(words_);
  for (std::string line; std::getline(said, line);) {
    if (line.find_first_not_of(" \r\t") != std::string::npos) lines.push_back(shown(line));
  }
  const std::size_t first = lines.size() - std::min(lines.size(), most_last_lines);
  return fmt::format("{}", fmt::join(lines.begin() + static_cast<std::ptrdiff_t>(first), lines.end(), " / "));
}

void Program::fail(const std::string& what) {
  const std::string words = last_words();
  kill_all();
  throw std::runtime_error(
      fmt::format("{} {}{}", name_, what, words.empty() ? "" : fmt::format("; its last words: {}", words)));
}

/// It has closed its output, or does not read: most likely it has ended.
void Program::fail_of_end(std::string_view what) {
  if (!has_ended(Clock::now() + 1s)) fail(fmt::format("closed a stream instead of answering \"{}\"", what));
  if (WIFEXITED(status_) && WEXITSTATUS(status_) == cannot_run_here) {
    const std::string words = last_words();
    kill_all();
    throw NotApplicable(
        fmt::format("{} cannot run here: {}", name_, words.empty() ? "it does not say why" : words));
  }
  // The shell that started it says a signal as a status of 128 and its number.
  const int status = WEXITSTATUS(status_);
  const int signal = WIFSIGNALED(status_) ? WTERMSIG(status_) : status > 128 ? status - 128 : 0;
  if (signal != 0) {
    fail(fmt::format("was ended by signal {} ({}) before it answered \"{}\"", signal, ::strsignal(signal),
                     what));
  }
  fail(fmt::format("exited with status {} before it answered \"{}\"", status, what));
}

/// Waits so long for its end, and meanwhile takes what it says.
bool Program::has_ended(Clock::time_point until) {
  for (;;) {
    if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) != 0;
    if (ended_ || Clock::now() >= until) return ended_;
    keep_last_words();
    if (out_.get() >= 0) {
      std::string unasked;
      read_some(out_.get(), unasked);
    }
    std::this_thread::sleep_for(1ms);
  }
}

/// Once: when all are gone its id may be another's.
void Program::kill_all() {
  in_.reset();
  if (!leaders().contains(pid_)) return;
  for (std::vector<Process> left = left_of(pid_); !left.empty(); left = left_of(pid_)) {
    for (const Process& process : left) {
      if (!process.is_over) ::kill(process.pid, SIGKILL);
      if (process.pid != pid_) ::waitpid(process.pid, nullptr, WNOHANG);
    }
    if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) != 0;
    std::this_thread::sleep_for(1ms);
  }
  leaders().erase(pid_);
  out_.reset();
  err_.reset();
}

}  // namespace fanbench::external
