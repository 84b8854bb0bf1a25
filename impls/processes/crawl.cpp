// No more than `limit` worker processes read listings of each host: a worker has a listing to itself, its
// pages and the work on them, all in one message. Offloaded, each page is a job, and so is the work on it,
// of which there are no more at once than CPUs.
#include <deque>
#include <vector>

#include "impls/blocking/crawling.hpp"
#include "impls/processes/processes.hpp"

namespace fanbench::processes {
namespace {

class Crawl {
 public:
  Crawl(ProcessPool& pool, const Scenario& scenario, Recorder& recorder)
      : pool_(pool),
        scenario_(scenario),
        recorder_(recorder),
        listings_(scenario, recorder),
        workers_(scenario.hosts),
        cursors_(scenario.calls / scenario.pages) {}

  void run() {
    for (;; take_back(pool_.wait_for_one())) {
      while (!pool_.full() && hand_out()) {
      }
      if (pool_.busy() == 0) break;
    }
    listings_.leave_rest();
  }

 private:
  /// Whether there was anything to be done.
  bool hand_out() {
    if (!replied_.empty() && worked_on_.size() < scenario_.cpus) {
      pool_.submit(Task::digest, worked_on_.emplace_back(replied_.front()));
      replied_.pop_front();
    } else if (!asked_.empty()) {
      const CallId id = asked_.front();
      pool_.submit(Task::fetch_page, id, 1, cursors_[id / scenario_.pages]);
      asked_.pop_front();
    } else {
      return begin_listing();
    }
    return true;
  }
  bool begin_listing() {
    for (std::uint32_t host = 0; host < scenario_.hosts; ++host) {
      const auto first = workers_[host] < scenario_.limit ? listings_.next(host) : std::nullopt;
      if (!first) continue;
      ++workers_[host];
      if (offloads_)
        asked_.push_back(*first);
      else
        pool_.submit(Task::read_listing, *first, scenario_.pages);
      return true;
    }
    return false;
  }

  void take_back(CallId id) {
    const bool worked_on = std::erase(worked_on_, id) > 0;
    const CallId next = id + 1, end = (id / scenario_.pages + 1) * scenario_.pages;
    if (const CallRecord& page = recorder_.records()[id];
        offloads_ && !worked_on && page.verdict == Verdict::ok) {
      cursors_[id / scenario_.pages] = page.answer;
      replied_.push_back(id);
    } else if (worked_on && next < end) {
      recorder_.ready(next);
      asked_.push_back(next);
    } else {
      --workers_[id / (scenario_.calls / scenario_.hosts)];
      if (offloads_) recorder_.leave_out(next, end);
    }
  }

  ProcessPool& pool_;
  const Scenario& scenario_;
  Recorder& recorder_;
  const bool offloads_ = scenario_.placement == Placement::offload;
  Listings listings_;
  std::vector<std::uint32_t> workers_;  // of each host: how many have a listing
  std::vector<std::uint64_t> cursors_;  // of each listing: the answer of its last page
  std::deque<CallId> asked_, replied_;  // pages that wait for a worker, to be fetched or worked on
  std::vector<CallId> worked_on_;
};

}  // namespace

void crawl(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  if (scenario.calls > 0) Crawl(pool, scenario, recorder).run();
}

}  // namespace fanbench::processes
