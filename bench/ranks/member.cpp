// Takes orders, and answers each of them.
#include "bench/ranks/member.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bench/machine/calibration.hpp"
#include "bench/machine/cpus.hpp"
#include "bench/measure/run.hpp"
#include "bench/ranks/deal.hpp"
#include "bench/ranks/orders.hpp"
#include "bench/ranks/run_of_rank.hpp"
#include "bench/targets/running_server.hpp"
#include "bench/targets/server.hpp"

namespace fanbench::ranks {
namespace {

/// The run was called off: nobody waits for it.
struct CalledOff : std::exception {};

std::string answer(Answer kind, const std::string& more = {}) { return static_cast<char>(kind) + more; }

class Member {
 public:
  Member(const Suite& suite, const MemberOptions& options, Party& party)
      : suite_(suite), options_(options), party_(party) {}

  void serve() {
    for (;;) {
      const std::string message = party_.receive(0);
      Reader order(message);
      const auto what = order.get<Order>();
      if (what == Order::leave) {
        end_case();
        continue;
      }
      party_.send(0, obey(what, order));
    }
  }

 private:
  std::string obey(Order what, Reader& order) try {
    switch (what) {
      case Order::prepare:
        prepare(order);
        break;
      case Order::make_model:
        maker_->make_model();
        break;
      case Order::tell_memory: {
        Writer bytes;
        bytes.put(maker_->pss_bytes());
        return answer(Answer::done, bytes.take());
      }
      case Order::run:
        return answer(Answer::done, run(order.get<RunOrder>()));
      default:
        throw std::runtime_error("an order of rank 0 that is none: is its build another?");
    }
    return answer(Answer::done);
  } catch (const CalledOff&) {
    return answer(Answer::done);
  } catch (const Lost&) {
    throw;
  } catch (const std::exception& failure) {
    return answer_of(failure);
  }

  void prepare(Reader& order) {
    end_case();
    const auto kernel_steps = order.get<std::uint64_t>();
    const auto text = order.get_all<char>();
    const std::string_view theirs(text.data(), text.size());
    const std::string name(theirs.substr(0, theirs.find('\n')));
    const auto whole = std::ranges::find(suite_.cases, name, &Case::name);
    if (whole == suite_.cases.end())
      throw std::runtime_error(fmt::format("has no case {}: is its suite another?", name));
    if (const std::string ours = fingerprint(*whole); ours != theirs)
      throw std::runtime_error(fmt::format("differs from rank 0: {}", difference(ours, theirs)));
    const CpuShares cpus = share(options_.cores, whole->pin);
    case_ = part_of(*whole, {.rank = party_.rank(), .ranks = party_.size()});
    resolve(case_, static_cast<std::uint32_t>(cpus.client.size()));
    case_.scenario.kernel_steps =
        kernel_steps;  // the same work everywhere, which takes each host its own time
    if (kernel_steps > 0) case_.work = time_of_kernel(kernel_steps);
    pin_thread(cpus.client);  // and all that it starts
    if (options_.server.empty()) {
      target_ = std::make_unique<MockServer>(options_.server_program, cpus.server);
    } else {
      target_ = std::make_unique<RunningServer>(options_.server);
    }
    maker_ = std::make_unique<RunMaker>(case_, model_of(case_.model), *target_, cpus.server);
    maker_->shares_with(ranks_of_host(party_));
    maker_->start_when([this] { return wait_for_start(); });
    maker_->end_when([this] { wait_for_the_others(); });
    maker_->check();
  }

  /// The first lines that are not the same.
  static std::string difference(std::string_view ours, std::string_view theirs) {
    for (;;) {
      const auto our_line = ours.substr(0, ours.find('\n')), their_line = theirs.substr(0, theirs.find('\n'));
      if (our_line != their_line) return fmt::format("it has {}, rank 0 {}", our_line, their_line);
      ours.remove_prefix(std::min(ours.size(), our_line.size() + 1));
      theirs.remove_prefix(std::min(theirs.size(), their_line.size() + 1));
    }
  }

  std::string run(const RunOrder& order) {
    if (!order.counters) counters_.reset();
    return to_bytes(
        maker_->run(order.k, {.usage = order.usage, .counters = order.counters ? &counters_ : nullptr}));
  }

  Recorder::Clock::time_point wait_for_start() {
    party_.send(0, answer(Answer::ready));
    const std::string message = party_.receive(0);
    Reader order(message);
    if (order.get<Order>() != Order::begin_at) throw CalledOff();
    return order.get<Recorder::Clock::time_point>();
  }

  void wait_for_the_others() {
    party_.send(0, answer(Answer::ended));
    const std::string message = party_.receive(0);
    if (Reader(message).get<Order>() != Order::go_on) throw CalledOff();
  }

  /// Connections before their server.
  void end_case() {
    counters_.reset();
    maker_.reset();
    target_.reset();
  }

  const Suite& suite_;
  const MemberOptions& options_;
  Party& party_;
  Case case_;
  std::unique_ptr<Target> target_;
  std::unique_ptr<RunMaker> maker_;
  std::optional<Counters> counters_;
};

}  // namespace

void serve(const Suite& suite, const MemberOptions& options, Party& party) {
  Member(suite, options, party).serve();
}

std::vector<std::vector<int>> cores_of_rank(const std::vector<std::vector<int>>& cores, const Party& party) {
  const auto& hosts = party.hosts();
  const auto here = static_cast<std::ptrdiff_t>(ranks_of_host(party));
  const auto before = std::count(hosts.begin(), hosts.begin() + party.rank(), hosts[party.rank()]);
  const auto each = static_cast<std::ptrdiff_t>(cores.size()) / here;
  if (each < 2) return cores;
  return {cores.begin() + before * each, cores.begin() + (before + 1) * each};
}

}  // namespace fanbench::ranks
