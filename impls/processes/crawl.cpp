// No more than `limit` worker processes read listings of each host: a worker has a listing to itself, its
// pages and the work on them, all in one message. Offloaded, each page is a job, and so is the work on it,
// of which there are no more at once than CPUs.
#include <deque>
#include <vector>

#include "impls/blocking/crawling.hpp"
#include "impls/processes/processes.hpp"

namespace fanbench::processes {
namespace {

struct Page {
  CallId id;
  std::uint64_t cursor;  // its own answer, or that of the page before, by which it is asked for
};

class Crawl {
 public:
  Crawl(ProcessPool& pool, const Scenario& scenario, Recorder& recorder)
      : pool_(pool),
        scenario_(scenario),
        recorder_(recorder),
        listings_(scenario, recorder),
        busy_(scenario.hosts) {}

  void run() {
    do {
      while (!pool_.full() && hand_out()) {
      }
      if (pool_.busy() > 0) take_back(pool_.wait_for_one());
    } while (pool_.busy() > 0 || !asked_.empty() || !replied_.empty());
    listings_.leave_rest();
  }

 private:
  bool offloads() const { return scenario_.placement == Placement::offload; }
  std::uint32_t& workers_at(CallId id) { return busy_[id / (scenario_.calls / scenario_.hosts)]; }

  /// Whether there was anything to be done.
  bool hand_out() {
    if (!replied_.empty() && worked_on_.size() < scenario_.cpus) {
      pool_.submit(Task::digest, worked_on_.emplace_back(replied_.front()).id);
      replied_.pop_front();
      return true;
    }
    if (!asked_.empty()) {
      pool_.submit(Task::fetch_page, asked_.front().id, 1, asked_.front().cursor);
      asked_.pop_front();
      return true;
    }
    for (std::uint32_t host = 0; host < scenario_.hosts; ++host) {
      if (busy_[host] == scenario_.limit) continue;
      const auto first = listings_.next(host);
      if (!first) continue;
      ++busy_[host];
      if (offloads())
        asked_.push_back({*first, 0});
      else
        pool_.submit(Task::read_listing, *first, scenario_.pages);
      return true;
    }
    return false;
  }

  void take_back(CallId id) {
    const auto work = std::ranges::find(worked_on_, id, &Page::id);
    const CallRecord& record = recorder_.records()[id];
    if (offloads() && work == worked_on_.end() && record.verdict == Verdict::ok) {
      replied_.push_back({id, record.answer});
      return;
    }
    const CallId next = id + 1;
    if (work != worked_on_.end() && next % scenario_.pages != 0) {
      recorder_.ready(next);
      asked_.push_back({next, work->cursor});
    } else {
      --workers_at(id);
      if (offloads()) recorder_.leave_out(next, end_of_listing(id));
    }
    if (work != worked_on_.end()) worked_on_.erase(work);
  }
  CallId end_of_listing(CallId id) const { return (id / scenario_.pages + 1) * scenario_.pages; }

  ProcessPool& pool_;
  const Scenario& scenario_;
  Recorder& recorder_;
  Listings listings_;
  std::vector<std::uint32_t> busy_;   // workers of each host
  std::deque<Page> asked_, replied_;  // these wait for a worker, to be fetched or worked on
  std::vector<Page> worked_on_;
};

}  // namespace

void crawl(ProcessPool& pool, const Scenario& scenario, Recorder& recorder) {
  if (scenario.calls > 0) Crawl(pool, scenario, recorder).run();
}

}  // namespace fanbench::processes
