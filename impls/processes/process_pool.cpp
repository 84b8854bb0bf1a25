// A pool of worker processes: sockets to talk to them, shared memory for what they take down.
#include "impls/processes/process_pool.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <span>
#include <system_error>
#include <thread>

namespace fanbench::processes {
namespace {

std::system_error failure(const char* what) { return {errno, std::generic_category(), what}; }

constexpr auto never = Recorder::Clock::time_point::max();
constexpr std::uint32_t nobody = UINT32_MAX;  // in the place of a worker's index: somebody woke the pool up

}  // namespace

ProcessPool::ProcessPool(const Setup& setup)
    : setup_(setup),
      fork_server_(setup, shared_.memory()),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      woken_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      workers_(setup.workers) {
  epoll_event event{.events = EPOLLIN, .data = {.u32 = nobody}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, woken_.get(), &event) != 0)
    throw failure("cannot watch for who wakes the pool up");
  for (Index worker = 0; worker < workers_.size(); ++worker) start(worker);
}

ProcessPool::~ProcessPool() {
  for (Worker& worker : workers_) {
    if (worker.id != Recorder::none) ::kill(worker.process.pid, SIGKILL);
  }
}  // their sockets are closed here, which tells the others to end

void ProcessPool::start(Index worker) {
  workers_[worker] = {.process = fork_server_.fork_worker()};
  epoll_event event{.events = EPOLLIN, .data = {.u32 = worker}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, workers_[worker].process.socket.get(), &event) != 0) {
    throw failure("cannot watch a worker process");
  }
  idle_.push_back(worker);
}

void ProcessPool::replace_dead() {
  start(dead_.back());
  dead_.pop_back();
}

void ProcessPool::begin(const Scenario& scenario, Recorder& recorder) {
  const std::size_t attempts = scenario.calls * recorder.attempts_per_call();
  if (scenario.calls > SharedRecords::most_calls || attempts > SharedRecords::most_attempts)
    throw NotApplicable("more calls, or attempts at them, than the shared memory has records for");
  while (!dead_.empty()) replace_dead();
  scenario_ = scenario;
  recorder_ = &recorder;
  tick_ = 0;
  eventfd_t times = 0;
  ::eventfd_read(woken_.get(), &times);  // whoever woke it up meant another run
}

void ProcessPool::warm(std::uint32_t in_flight) {
  std::vector<CallRecord> records(std::min<std::size_t>(in_flight, workers_.size()));
  Recorder recorder(records);
  begin({.calls = static_cast<std::uint32_t>(records.size())}, recorder);
  for (CallId id = 0; id < records.size(); ++id) submit(Task::warm, id);  // no worker is idle again meanwhile
  wait_for_all();
  if (!std::ranges::all_of(records, [](const CallRecord& r) { return r.verdict == Verdict::ok; })) {
    throw std::runtime_error("a worker process cannot open a connection to the server");
  }
}

void ProcessPool::submit(Task task, CallId id, std::uint32_t calls, std::uint64_t cursor) {
  if (full()) wait_for_one();
  std::ranges::copy(recorder_->records().subspan(id, calls), &shared_.calls()[id]);
  hand_out({.id = id, .cursor = cursor, .task = task}, calls);
}

void ProcessPool::submit_copy(CallId id, Attempt attempt) {
  if (full()) wait_for_one();
  if (attempt == 0) {  // what an earlier run left there
    const std::size_t per_call = recorder_->attempts_per_call();
    shared_.calls()[id] = {};
    std::ranges::fill(shared_.attempts().subspan(id * per_call, per_call), AttemptRecord{});
  }
  hand_out({.id = id, .attempt = attempt, .task = Task::make_copy}, 1);
}

void ProcessPool::hand_out(Job job, std::uint32_t calls) {
  catch_up_beats();
  job.number = ++last_job_;
  job.scenario = scenario_;
  job.attempts_per_call = recorder_->attempts_per_call();
  job.began = recorder_->began();
  for (bool taken = false; !taken;) {
    const bool fresh = idle_.empty();
    if (fresh) replace_dead();
    Worker& worker = workers_[idle_.back()];
    taken = ::send(worker.process.socket.get(), &job, sizeof job, MSG_NOSIGNAL) == sizeof job || fresh;
    if (!taken) {
      retire(idle_.back());  // it died idle; of a fresh one that is seen when it is waited for
      continue;
    }
    idle_.pop_back();
    worker.job = job.number;
    worker.id = job.id;
    worker.calls = calls;
  }
  ++busy_;
  recorder_->task_begins();
}

CallId ProcessPool::wait_for_one() {
  for (;;) {
    if (const auto id = wait_for_one(never)) return *id;
  }
}

void ProcessPool::wake() { ::eventfd_write(woken_.get(), 1); }

std::optional<CallId> ProcessPool::wait_for_one(Recorder::Clock::time_point until) {
  for (bool woken = false;;) {
    while (ready_.empty()) {
      if (woken) return std::nullopt;  // there was news as well, of nobody's job
      woken = read_events(scenario_.watchdog ? std::min(until, recorder_->beat_due(tick_)) : until);
      catch_up_beats();
      if (ready_.empty() && (woken || Recorder::Clock::now() >= until)) return std::nullopt;
    }
    const Index worker = ready_.back();
    ready_.pop_back();
    const CallId id = workers_[worker].id;
    if (!receive_done(worker)) retire(worker);
    if (id != Recorder::none) return id;  // else it died idle
  }
}

void ProcessPool::catch_up_beats() {
  while (scenario_.watchdog && Recorder::Clock::now() >= recorder_->beat_due(tick_)) recorder_->beat(tick_++);
}

void ProcessPool::wait_for_all() {
  while (busy_ > 0) wait_for_one();
}

void ProcessPool::cancel(const std::function<bool(CallId)>& unwanted) {
  for (const Worker& worker : workers_) {
    if (worker.id == Recorder::none || !unwanted(worker.id)) continue;
    const sigval job{.sival_int = static_cast<int>(worker.job)};
    while (::sigqueue(worker.process.pid, stop_signal(), job) != 0 && errno == EAGAIN) {
      std::this_thread::yield();  // as many signals are pending as the user may have
    }
  }
}

void ProcessPool::cancel_all() {
  cancel([](CallId) { return true; });
  wait_for_all();
}

/// Whether somebody woke it up.
bool ProcessPool::read_events(Recorder::Clock::time_point until) {
  std::array<epoll_event, 64> events{};
  const auto left = std::max(until - Recorder::Clock::now(), Recorder::Clock::duration::zero());
  const timespec timeout{.tv_sec = left / std::chrono::seconds(1),
                         .tv_nsec = (left % std::chrono::seconds(1)).count()};
  const int count = until == never
                        ? ::epoll_wait(epoll_.get(), events.data(), events.size(), -1)
                        : ::epoll_pwait2(epoll_.get(), events.data(), events.size(), &timeout, nullptr);
  if (count < 0 && errno != EINTR) throw failure("cannot wait for the worker processes");
  for (int i = count - 1; i >= 0; --i) ready_.push_back(events[static_cast<std::size_t>(i)].data.u32);
  eventfd_t times = 0;
  return std::erase(ready_, nobody) > 0 && ::eventfd_read(woken_.get(), &times) == 0;
}

/// Waits for the worker's word on its job: false where the worker died instead.
bool ProcessPool::receive_done(Index index) {
  Worker& worker = workers_[index];
  Done done;
  if (::recv(worker.process.socket.get(), &done, sizeof done, 0) != sizeof done) return false;
  if (!done.ended) return true;
  std::array<EventRecord, events_in_message> events;
  for (std::size_t left = done.events; left > 0;) {
    const auto some = std::span(events).first(std::min(left, events.size()));
    if (::recv(worker.process.socket.get(), some.data(), some.size_bytes(), 0) !=
        static_cast<ssize_t>(some.size_bytes()))
      return false;
    for (const EventRecord& event : some) recorder_->event(event);
    left -= some.size();
  }
  end_job(worker);
  idle_.push_back(index);
  return true;
}

void ProcessPool::end_job(Worker& worker) {
  std::ranges::copy(shared_.calls().subspan(worker.id, worker.calls), &recorder_->records()[worker.id]);
  if (const std::size_t per_call = recorder_->attempts_per_call(); per_call > 0) {
    const auto attempts = shared_.attempts().subspan(worker.id * per_call, worker.calls * per_call);
    std::ranges::copy(attempts, recorder_->attempts_of(worker.id).data());
  }
  worker.id = Recorder::none;
  --busy_;
  recorder_->task_ends();
}

/// Forgets a dead worker. What it had taken down of its calls is kept, those that it had not ended are lost.
void ProcessPool::retire(Index index) {
  Worker& worker = workers_[index];
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, worker.process.socket.get(), nullptr);
  worker.process.socket.reset();
  std::erase(ready_, index);
  std::erase(idle_, index);
  dead_.push_back(index);
  if (worker.id == Recorder::none) return;

  CallId lost = worker.id;
  const CallId end = worker.id + worker.calls;
  end_job(worker);
  // The last one as well: without a word from the worker its record need not be complete.
  while (lost + 1 < end && recorder_->records()[lost].verdict != Verdict::none) ++lost;
  recorder_->note(fmt::format("worker process {} died in the middle of call {}", worker.process.pid, lost) +
                  (end - lost > 1 ? fmt::format(" and took {} more with it", end - lost - 1) : ""));
  for (; lost < end; ++lost) recorder_->finish(lost, {.verdict = Verdict::transport_error});
}

}  // namespace fanbench::processes
