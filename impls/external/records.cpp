// Reads records: lines of words, see PROTOCOL.md.
#include "impls/external/records.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace fanbench::external {
namespace {

constexpr std::size_t longest_line = 400;  // bytes

struct Words {
  std::string_view left;

  bool next(std::string_view& word) {
    if (left.empty()) return false;
    const auto end = left.find(' ');
    word = left.substr(0, end);
    left = end == std::string_view::npos ? std::string_view() : left.substr(end + 1);
    return true;
  }
  template <class T>
  bool next(T& number, int base = 10) {
    std::string_view word;
    if (!next(word)) return false;
    const char* const end = word.data() + word.size();
    const auto read = std::from_chars(word.data(), end, number, base);
    return read.ec == std::errc{} && read.ptr == end;
  }
  bool next(Nanoseconds& time) {
    Nanoseconds::rep count = 0;
    if (!next(count) || count < 0) return false;
    time = Nanoseconds(count);
    return true;
  }
  bool next(Verdict& verdict) {
    static constexpr std::array<std::pair<std::string_view, Verdict>, 5> all = {
        {{"ok", Verdict::ok},
         {"http_error", Verdict::http_error},
         {"timed_out", Verdict::timed_out},
         {"cancelled", Verdict::cancelled},
         {"transport_error", Verdict::transport_error}}};
    std::string_view word;
    if (!next(word)) return false;
    for (const auto& [name, its] : all) {
      if (name != word) continue;
      verdict = its;
      return true;
    }
    return false;
  }
  bool over() const { return left.empty(); }
};

class Reader {
 public:
  explicit Reader(Recorder& recorder) : recorder_(recorder), calls_(recorder.records().size()) {}

  /// What such a line has to be, where it is not.
  std::string_view take(std::string_view line) {
    Words words{line};
    std::string_view kind;
    if (!words.next(kind)) return {};
    if (kind == "call")
      return take_call(words) ? "" : "call ID INTENDED STARTED FINISHED ATTEMPTS VERDICT STATUS ANSWER";
    if (kind == "attempt")
      return take_attempt(words) ? "" : "attempt ID K STARTED FINISHED VERDICT STATUS ANSWER RETRY_AFTER";
    if (kind == "event") return take_event(words) ? "" : "event ID N AT VALUE";
    if (kind == "beat") return take_beat(words) ? "" : "beat N AT";
    if (kind == "chosen") return take_chosen(words) ? "" : "chosen ID";
    if (kind == "tasks") return take_tasks(words) ? "" : "tasks PEAK";
    return "call, attempt, event, beat, chosen or tasks";
  }

 private:
  bool next_call(Words& words, CallId& id) const { return words.next(id) && id < calls_; }

  bool take_call(Words& words) {
    CallId id = 0;
    CallRecord call;
    if (!next_call(words, id) || !words.next(call.intended) || !words.next(call.started) ||
        !words.next(call.finished) || !words.next(call.attempts) || !words.next(call.verdict) ||
        !words.next(call.status) || !words.next(call.answer, 16) || !words.over())
      return false;
    if (recorder_.records()[id].verdict != Verdict::none)
      throw std::runtime_error(fmt::format("there are two records of call {}, expected one of each", id));
    recorder_.records()[id] = call;
    return true;
  }

  /// Those of workloads that make one attempt at each call say nothing new.
  bool take_attempt(Words& words) {
    CallId id = 0;
    Attempt attempt = 0;
    AttemptRecord made;
    if (!next_call(words, id) || !words.next(attempt) || !words.next(made.started) ||
        !words.next(made.finished) || !words.next(made.verdict) || !words.next(made.status) ||
        !words.next(made.answer, 16) || !words.next(made.retry_after) || !words.over())
      return false;
    if (recorder_.attempts_per_call() == 0) return true;
    if (attempt >= recorder_.attempts_per_call()) return false;
    recorder_.attempts_of(id)[attempt] = made;
    return true;
  }

  bool take_event(Words& words) {
    EventRecord event{.id = Recorder::none};
    const bool of_all = words.left.starts_with("- ");
    std::string_view none;
    if (!(of_all ? words.next(none) : next_call(words, event.id)) || !words.next(event.number) ||
        !words.next(event.at) || !words.next(event.value, 16) || !words.over())
      return false;
    recorder_.event(event);
    return true;
  }

  bool take_beat(Words& words) {
    std::uint32_t tick = 0;
    Nanoseconds at{};
    if (!words.next(tick) || !words.next(at) || !words.over()) return false;
    if (tick != recorder_.lags().size()) {
      throw std::runtime_error(
          fmt::format("beat {} comes after {} beats, expected all of them, from 0 on, in order", tick,
                      recorder_.lags().size()));
    }
    recorder_.beat(tick, at);
    return true;
  }

  bool take_chosen(Words& words) {
    CallId id = 0;
    if (!next_call(words, id) || !words.over()) return false;
    recorder_.choose(id);
    return true;
  }

  bool take_tasks(Words& words) {
    std::uint32_t peak = 0;
    if (!words.next(peak) || !words.over()) return false;
    recorder_.tasks_were(peak);
    return true;
  }

  Recorder& recorder_;
  std::size_t calls_;
};

}  // namespace

void read_records(const std::filesystem::path& file, Recorder& recorder) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("has not written its records: there is no such file");
  Reader reader(recorder);
  std::array<char, longest_line> buffer;
  for (std::size_t number = 1; in.getline(buffer.data(), buffer.size()) || in.gcount() > 0; ++number) {
    const std::string_view line(buffer.data());
    const bool whole = !in.fail();
    const std::string_view expected = whole ? reader.take(line) : "a line of fewer than 400 bytes";
    if (expected.empty()) continue;
    throw std::runtime_error(
        fmt::format("has in line {} of its records \"{}\", expected {} (see PROTOCOL.md)", number,
                    line.substr(0, 120), expected));
  }
}

}  // namespace fanbench::external
