// A running contestant: a process that is spoken to in lines, and all that it starts.
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "impls/external/contestant.hpp"
#include "impls/unique_fd.hpp"

namespace fanbench::external {

using Json = nlohmann::ordered_json;

class Program {
 public:
  static constexpr std::size_t longest_answer = std::size_t{1} << 20;  // bytes
  static constexpr Nanoseconds time_to_end = std::chrono::seconds(2);
  static constexpr int cannot_run_here = 77;  // its exit status

  /// Starts it, in a session of its own. Throws std::system_error.
  explicit Program(const Contestant& contestant);
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  /// Ends its input, and after that time it and all processes that it has started.
  ~Program();

  /// Says a line, {"do": what, …}, and waits for the answer, an object that has this key. Throws
  /// NotApplicable where it exits instead and says that it cannot run here; else std::runtime_error, and it
  /// is ended.
  Json ask(const Json& line, std::string_view key, Nanoseconds patience);
  /// Ends its input. Whether it ended in time, and by itself with status 0.
  bool end();

 private:
  using Clock = std::chrono::steady_clock;

  [[noreturn]] void fail(const std::string& what);
  [[noreturn]] void fail_of_end(std::string_view what);
  void say(const std::string& line, std::string_view what);
  std::string hear(std::string_view what, Nanoseconds patience);
  bool read_some(int fd, std::string& text);
  void keep_last_words();
  std::string last_words();
  bool has_ended(Clock::time_point until);
  void kill_all();

  std::string name_;
  UniqueFd in_, out_, err_;  // its standard streams
  pid_t pid_ = 0;
  int status_ = 0;  // as waitpid has it, once it has ended
  bool ended_ = false;
  std::string heard_, words_;  // what it said that is not read yet; the end of what it said to people
};

}  // namespace fanbench::external
