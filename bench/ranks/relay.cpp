// fanbench-relay: stands between a bench and the other ranks' relays, and speaks MPI in its place.
//
//   mpirun -n 4 fanbench-relay fanbench-bench --suite …
//
// The bench is a child of its own, made before MPI begins: it may fork as it likes, and nothing of MPI is in
// what is measured. While a run is timed no bench says anything, and relays sleep, but that they look every
// 20 ms whether something has come, and that they have a heartbeat.
#include <mpi.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <deque>
#include <fstream>
#include <list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/ranks/frames.hpp"
#include "bench/ranks/party.hpp"
#include "impls/unique_fd.hpp"

namespace fanbench::ranks {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr Nanoseconds beat_every = 1s;
constexpr Nanoseconds patience = 10s;    // without a word of a rank, after which it is lost
constexpr Nanoseconds time_to_end = 3s;  // of a bench that was told to
constexpr Nanoseconds is_active = 20ms;  // since something was said: an answer may be near
constexpr int round_trips = 40;          // of which the shortest tells a clock

/// Between relays: messages of the benches, and a letter with what belongs to it.
constexpr int of_benches = 1, of_relays = 2;
constexpr char beat = 'b', attend = 'a', ping = 'p', pong = 'q', at_ease = 'r', loss = 'l', bye = 'x';

volatile std::sig_atomic_t signal_came = 0;

/// The bench beside this relay.
class Bench {
 public:
  explicit Bench(char** command) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair");
    socket_ = UniqueFd(ends[0]);
    const UniqueFd of_child(::dup(ends[1]));  // without CLOEXEC
    ::close(ends[1]);
    std::vector<char*> words;
    for (char** word = command; *word; ++word) words.push_back(*word);
    std::string option = "--party=" + std::to_string(of_child.get());
    words.push_back(option.data());
    words.push_back(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) fail("fork");
    if (pid_ > 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::execv(words.front(), words.data());
    ::perror(words.front());
    ::_exit(127);
  }

  int socket() const { return socket_.get(); }
  bool has_ended() const { return status_.has_value(); }
  bool wants_to_write() const { return !out_.empty(); }
  int status() const { return *status_; }

  void say(std::uint32_t peer, std::string_view bytes) {
    const FrameHead head{.peer = peer, .size = bytes.size()};
    out_.append(reinterpret_cast<const char*>(&head), sizeof head);
    out_.append(bytes);
  }

  /// Reads and writes what there is, without waiting. `hear(peer, bytes)` is called for each frame. Whether
  /// something came or went.
  template <class Hear>
  bool exchange(Hear hear) {
    if (status_) return false;
    bool active = false;
    if (!out_.empty()) {
      const ssize_t written =
          ::send(socket_.get(), out_.data() + written_, out_.size() - written_, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (written > 0) {
        written_ += static_cast<std::size_t>(written);
        active = true;
      }
      if (written_ == out_.size()) {
        out_.clear();
        written_ = 0;
      }
    }
    std::array<char, 1 << 16> buffer;
    for (;;) {
      const ssize_t came = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (came > 0) {
        in_.append(buffer.data(), static_cast<std::size_t>(came));
        active = true;
        continue;
      }
      if (came == 0 || (errno != EAGAIN && errno != EINTR)) reap();
      break;
    }
    std::size_t read = 0;
    FrameHead head;
    while (in_.size() - read >= sizeof head) {
      std::memcpy(&head, in_.data() + read, sizeof head);
      if (in_.size() - read - sizeof head < head.size) break;
      hear(head.peer, std::string_view(in_).substr(read + sizeof head, head.size));
      read += sizeof head + head.size;
    }
    in_.erase(0, read);
    return active;
  }

  /// Ends its socket, which is its end.
  void end() {
    socket_.reset();
    reap();
  }

 private:
  [[noreturn]] static void fail(const char* what) {
    ::perror(what);
    std::exit(1);
  }

  /// It has closed its socket, or is to end: by force after that time.
  void reap() {
    const auto until = Clock::now() + time_to_end;
    int status = 0;
    while (!status_) {
      if (::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
      if (status_) return;
      if (Clock::now() > until) ::kill(pid_, SIGKILL);
      ::usleep(1000);
    }
  }

  UniqueFd socket_;
  pid_t pid_ = -1;
  std::optional<int> status_;  // as waitpid has it
  std::string in_, out_;
  std::size_t written_ = 0;  // of out_
};

/// The other relays. Nothing here waits.
class Net {
 public:
  Net() {
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  }

  int rank() const { return rank_; }
  int size() const { return size_; }
  bool is_sending() const { return !sending_.empty(); }

  void send(int to, int tag, std::string bytes) {
    Transfer& one = sending_.emplace_back();
    one.bytes = std::move(bytes);
    MPI_Isend(one.bytes.data(), static_cast<int>(one.bytes.size()), MPI_BYTE, to, tag, MPI_COMM_WORLD,
              &one.request);
  }
  void tell(int to, char letter, std::string_view more = {}) {
    send(to, of_relays, std::string(1, letter).append(more));
  }

  /// `hear(from, tag, bytes)` is called for each message that has come, of each sender in order, and says
  /// whether others may follow soon. Whether one of them said so.
  template <class Hear>
  bool exchange(Hear hear) {
    bool active = false;
    for (auto it = sending_.begin(); it != sending_.end();)
      it = is_done(*it) ? sending_.erase(it) : std::next(it);
    for (;;) {
      int there = 0;
      MPI_Message message;
      MPI_Status status;
      MPI_Improbe(MPI_ANY_SOURCE, MPI_ANY_TAG, MPI_COMM_WORLD, &there, &message, &status);
      if (!there) break;
      int size = 0;
      MPI_Get_count(&status, MPI_BYTE, &size);
      Transfer& one = coming_.emplace_back();
      one.from = status.MPI_SOURCE;
      one.tag = status.MPI_TAG;
      one.bytes.resize(static_cast<std::size_t>(size));
      MPI_Imrecv(one.bytes.data(), size, MPI_BYTE, &message, &one.request);
    }
    std::vector<bool> waits(static_cast<std::size_t>(size_));
    for (auto it = coming_.begin(); it != coming_.end();) {
      if (waits[static_cast<std::size_t>(it->from)] || !is_done(*it)) {
        waits[static_cast<std::size_t>(it->from)] = true;
        ++it;
        continue;
      }
      const Transfer one = std::move(*it);
      it = coming_.erase(it);
      active |= hear(one.from, one.tag, one.bytes);
    }
    return active;
  }

 private:
  struct Transfer {
    std::string bytes{};
    MPI_Request request = MPI_REQUEST_NULL;
    int from = 0, tag = 0;
  };

  static bool is_done(Transfer& one) {
    int done = 0;
    MPI_Test(&one.request, &done, MPI_STATUS_IGNORE);
    return done != 0;
  }

  int rank_ = 0, size_ = 0;
  std::list<Transfer> sending_, coming_;  // their addresses are MPI's until they are done
};

/// Who a rank is, to the others.
struct Place {
  std::array<char, 64> host{};
  std::array<char, 128> clock{};  // the same text: the same clock
};

Place place_here() {
  Place here;
  ::gethostname(here.host.data(), here.host.size() - 1);
  std::string boot;
  std::getline(std::ifstream("/proc/sys/kernel/random/boot_id") >> std::ws, boot);
  std::array<char, 64> space{};
  if (::readlink("/proc/self/ns/time", space.data(), space.size() - 1) < 0) space[0] = '-';
  const char* const machine = boot.empty() ? here.host.data() : boot.c_str();
  std::snprintf(here.clock.data(), here.clock.size(), "%s %s", machine, space.data());
  return here;
}

class Relay {
 public:
  explicit Relay(char** command) : bench_(command) {}

  int run() {
    if (MPI_Init(nullptr, nullptr) != MPI_SUCCESS) return 1;
    net_.emplace();
    meet();
    heard_.assign(places_.size(), Clock::now());
    introduce();
    while (!over_) {
      const bool active = step();
      keep_watch();
      if (std::exchange(asks_for_clocks_, false)) bench_.say(the_relay, clocks_text());
      if (active) active_at_ = Clock::now();
      if (!attends_) rest();
    }
    return end();
  }

 private:
  bool is_first() const { return net_->rank() == 0; }
  Clock::time_point& heard(int rank) { return heard_[static_cast<std::size_t>(rank)]; }

  std::string name_of(int rank) const {
    return "rank " + std::to_string(rank) + " (" + places_[static_cast<std::size_t>(rank)].host.data() + ")";
  }

  /// Everybody learns everybody's place.
  void meet() {
    const Place here = place_here();
    places_.resize(static_cast<std::size_t>(net_->size()));
    MPI_Request request;
    MPI_Iallgather(&here, sizeof here, MPI_BYTE, places_.data(), sizeof here, MPI_BYTE, MPI_COMM_WORLD,
                   &request);
    const auto until = Clock::now() + 2 * patience;
    for (int done = 0; !done;) {
      MPI_Test(&request, &done, MPI_STATUS_IGNORE);
      if (!done) ::usleep(1000);
      if (Clock::now() < until) continue;
      std::fprintf(
          stderr,
          "fanbench-relay: all ranks were started, but rank %d (%s) does not reach the others: does a "
          "firewall shut the ports between these hosts?\n",
          net_->rank(), here.host.data());
      ::_exit(1);
    }
  }

  void introduce() {
    std::string text(1, hello);
    for (const auto number :
         {static_cast<std::uint32_t>(net_->rank()), static_cast<std::uint32_t>(net_->size()),
          static_cast<std::uint32_t>(::getppid())})
      text.append(reinterpret_cast<const char*>(&number), sizeof number);
    for (const Place& place : places_) text.append(place.host.data()).append("\n");
    bench_.say(the_relay, text);
  }

  bool step() {
    const bool of_net = net_->exchange([this](int from, int tag, const std::string& bytes) {
      heard(from) = Clock::now();
      if (tag == of_benches) {
        bench_.say(static_cast<std::uint32_t>(from), bytes);
      } else {
        obey(from, bytes);
      }
      return tag == of_benches || bytes.front() != beat;
    });
    const bool of_bench = bench_.exchange([this](std::uint32_t peer, std::string_view bytes) {
      if (peer == the_relay) {
        asks_for_clocks_ = true;
      } else {
        net_->send(static_cast<int>(peer), of_benches, std::string(bytes));
      }
    });
    return of_net || of_bench;
  }

  void obey(int from, const std::string& bytes) {
    const std::string_view more = std::string_view(bytes).substr(1);
    switch (bytes.front()) {
      case ping:
        net_->tell(from, pong, text_of(Clock::now()));
        break;
      case pong:
        std::memcpy(&ponged_, more.data(), sizeof ponged_);
        has_ponged_ = true;
        break;
      case attend:
        attends_ = true;
        break;
      case at_ease:
        attends_ = false;
        break;
      case loss:
        lose(std::string(more));
        break;
      case bye:
        over_ = true;
        break;
      default:
        break;
    }
  }

  static std::string text_of(Clock::time_point time) {
    return {reinterpret_cast<const char*>(&time), sizeof time};
  }

  /// A ClockOffset for each rank. A clock was read between the two ends of a round trip: the shortest says
  /// most exactly when. Source: D. L. Mills, RFC 5905, section 8.
  std::string clocks_text() {
    std::vector<ClockOffset> all(places_.size());
    for (int rank = 1; rank < net_->size(); ++rank) {
      const auto i = static_cast<std::size_t>(rank);
      const auto same = [&](const Place& place) { return place.clock == places_[i].clock; };
      if (const auto known = std::ranges::find_if(places_, same) - places_.begin(); known < rank) {
        all[i] = all[static_cast<std::size_t>(known)];
        continue;
      }
      net_->tell(rank, attend);
      Nanoseconds shortest = Nanoseconds::max();
      for (int trip = 0; trip < round_trips && !over_; ++trip) {
        const auto sent = Clock::now();
        has_ponged_ = false;
        net_->tell(rank, ping);
        while (!has_ponged_ && !over_) {
          step();
          keep_watch();
        }
        const Nanoseconds took = Clock::now() - sent;
        if (took >= shortest) continue;
        shortest = took;
        all[i] = {.offset = ponged_ - (sent + took / 2), .uncertainty = took / 2};
      }
      net_->tell(rank, at_ease);
    }
    std::string text(1, clocks);
    for (const ClockOffset& clock : all) text.append(reinterpret_cast<const char*>(&clock), sizeof clock);
    return text;
  }

  void keep_watch() {
    const auto now = Clock::now();
    if (signal_came) {
      if (!is_first()) over_ = true;
      lose("the launcher has ended the ranks: one of them has died, or its host is gone");
    }
    if (now - beat_at_ > beat_every) {
      beat_at_ = now;
      for (int rank = 0; rank < net_->size(); ++rank) {
        if ((rank == 0) != is_first()) net_->tell(rank, beat);
      }
    }
    for (int rank = 0; rank < net_->size() && lost_.empty(); ++rank) {
      if ((rank == 0) == is_first() || now - heard(rank) < patience) continue;
      lose(name_of(rank) + " has not been heard of for " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience).count()) +
           " s: is its host, or the network to it, down?");
    }
    if (!lost_.empty() && now > lost_at_ + time_to_end) over_ = true;
    if (!bench_.has_ended()) return;
    if (is_first()) {
      over_ = true;
    } else if (lost_.empty()) {
      lose("the bench of " + name_of(net_->rank()) + " " + end_of(bench_.status()));
    }
  }

  static std::string end_of(int status) {
    if (WIFSIGNALED(status))
      return "was ended by signal " + std::to_string(WTERMSIG(status)) + " (" +
             ::strsignal(WTERMSIG(status)) + ")";
    return "has exited with " + std::to_string(WEXITSTATUS(status));
  }

  /// Rank 0's bench is told, and has time to say so.
  void lose(const std::string& why) {
    if (!lost_.empty()) return;
    lost_ = why;
    lost_at_ = Clock::now();
    if (is_first()) {
      // Its bench may be in a run that goes on for longer than there is time. Of a signal mpirun knows more.
      if (!signal_came) std::fprintf(stderr, "fanbench-relay: %s\n", why.c_str());
      bench_.say(the_relay, std::string(1, lost) + why);
    } else {
      net_->tell(0, loss, why);
    }
  }

  /// Wakes up for the bench; other relays wait a moment, a longer one when nothing was said for some time.
  void rest() const {
    const int ms = Clock::now() - active_at_ < is_active || net_->is_sending() ? 1 : 20;
    pollfd bench{.fd = bench_.has_ended() ? -1 : bench_.socket(),
                 .events = static_cast<short>(POLLIN | (bench_.wants_to_write() ? POLLOUT : 0)),
                 .revents = 0};
    ::poll(&bench, 1, ms);
  }

  int end() {
    bench_.end();
    if (is_first()) {
      if (lost_.empty() && !WIFEXITED(bench_.status()))
        std::fprintf(stderr, "fanbench-relay: the bench of %s %s\n", name_of(0).c_str(),
                     end_of(bench_.status()).c_str());
      for (int rank = 1; rank < net_->size(); ++rank) net_->tell(rank, bye);
    }
    for (const auto until = Clock::now() + 500ms; net_->is_sending() && Clock::now() < until;) {
      net_->exchange([](int, int, const std::string&) { return false; });
      ::usleep(1000);
    }
    const int status = bench_.status();
    const int code = !is_first() ? !lost_.empty() : WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    if (!lost_.empty()) ::_exit(code == 0 ? 1 : code);  // who is lost would be waited for
    ::alarm(10);
    MPI_Finalize();
    return code;
  }

  Bench bench_;  // before MPI
  std::optional<Net> net_;
  std::vector<Place> places_;
  std::vector<Clock::time_point> heard_;
  Clock::time_point active_at_ = Clock::now(), beat_at_{}, lost_at_{}, ponged_{};
  bool has_ponged_ = false, attends_ = false, asks_for_clocks_ = false, over_ = false;
  std::string lost_;
};

}  // namespace
}  // namespace fanbench::ranks

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: mpirun -n RANKS fanbench-relay fanbench-bench OPTION...\n", stderr);
    return 2;
  }
  struct sigaction action {};
  action.sa_handler = [](int number) { fanbench::ranks::signal_came = number; };
  for (const int number : {SIGTERM, SIGINT}) ::sigaction(number, &action, nullptr);
  return fanbench::ranks::Relay(argv + 1).run();
}
