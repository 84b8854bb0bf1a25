// A pool of worker processes: sockets to talk to them, shared memory for what they take down.
#include "impls/processes/worker_pool.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <thread>

namespace fanbench {
namespace {

constexpr std::size_t shared_bytes = sizeof(CallRecord) * most_shared_records;

std::system_error failure(const char* what) { return {errno, std::generic_category(), what}; }

/// Memory without a name that other processes can map; pages take memory only when they are written.
UniqueFd make_shared_memory() {
  UniqueFd memory(::memfd_create("fanbench-records", MFD_CLOEXEC));
  if (memory.get() < 0 || ::ftruncate(memory.get(), shared_bytes) != 0) {
    throw failure("cannot make the shared memory for call records");
  }
  return memory;
}

std::span<CallRecord> map_records(const UniqueFd& memory) {
  void* address = ::mmap(nullptr, shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory.get(), 0);
  if (address == MAP_FAILED) throw failure("cannot map the shared memory for call records");
  return {static_cast<CallRecord*>(address), most_shared_records};
}

}  // namespace

WorkerPool::WorkerPool(const Setup& setup)
    : shared_fd_(make_shared_memory()),
      shared_(map_records(shared_fd_)),
      fork_server_(setup, shared_fd_),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      workers_(setup.workers) {
  for (Index worker = 0; worker < workers_.size(); ++worker) start(worker);
}

WorkerPool::~WorkerPool() {
  for (Worker& worker : workers_) {
    if (worker.id != Recorder::none) ::kill(worker.process.pid, SIGKILL);
  }
  workers_.clear();  // closes their sockets, which tells them to end
  ::munmap(shared_.data(), shared_bytes);
}

void WorkerPool::start(Index worker) {
  workers_[worker] = {.process = fork_server_.fork_worker()};
  epoll_event event{.events = EPOLLIN, .data = {.u32 = worker}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, workers_[worker].process.socket.get(), &event) != 0) {
    throw failure("cannot watch a worker process");
  }
  idle_.push_back(worker);
}

void WorkerPool::begin(const Scenario& scenario, Recorder& recorder) {
  if (scenario.calls > most_shared_records)
    throw NotApplicable("more calls than the shared memory has records for");
  while (!dead_.empty()) replace_dead();
  scenario_ = scenario;
  recorder_ = &recorder;
}

void WorkerPool::submit(Task task, CallId id) {
  while (idle_.empty()) {
    if (busy_ > 0)
      wait_for_one();
    else
      replace_dead();
  }
  Worker& worker = workers_[idle_.back()];
  idle_.pop_back();
  worker.id = id;
  worker.job = ++last_job_;
  ++busy_;
  shared_[id] = {};
  const Job job{
      .number = worker.job, .scenario = scenario_, .began = recorder_->began(), .id = id, .task = task};
  ::send(worker.process.socket.get(), &job, sizeof job,
         MSG_NOSIGNAL);  // that it is dead is seen when it is waited for
}

void WorkerPool::replace_dead() {
  const Index worker = dead_.back();
  dead_.pop_back();
  start(worker);
}

CallId WorkerPool::wait_for_one() {
  for (;;) {
    while (ready_.empty()) read_events();
    const Index worker = ready_.back();
    ready_.pop_back();
    const CallId id = workers_[worker].id;
    if (receive_done(worker)) return id;
    retire(worker);
    if (id == Recorder::none) continue;  // it died idle
    recorder_->finish(id, {.verdict = Verdict::transport_error});
    recorder_->note(
        fmt::format("worker process {} died in the middle of call {}", workers_[worker].process.pid, id));
    return id;
  }
}

void WorkerPool::wait_for_all() {
  while (busy_ > 0) wait_for_one();
}

void WorkerPool::cancel_all() {
  for (const Worker& worker : workers_) {
    if (worker.id == Recorder::none) continue;
    const sigval job{.sival_int = static_cast<int>(worker.job)};
    while (::sigqueue(worker.process.pid, stop_signal(), job) != 0 && errno == EAGAIN) {
      std::this_thread::yield();  // as many signals are pending as the user may have
    }
  }
  wait_for_all();
}

void WorkerPool::read_events() {
  std::array<epoll_event, 64> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
  if (count < 0 && errno != EINTR) throw failure("cannot wait for the worker processes");
  for (int i = count - 1; i >= 0; --i) ready_.push_back(events[static_cast<std::size_t>(i)].data.u32);
}

/// Waits for the end of the worker's call: false where the worker died instead.
bool WorkerPool::receive_done(Index index) {
  Worker& worker = workers_[index];
  Done done;
  if (::recv(worker.process.socket.get(), &done, sizeof done, 0) != sizeof done) return false;
  recorder_->records()[done.id] = shared_[done.id];
  worker.id = Recorder::none;
  --busy_;
  idle_.push_back(index);
  return true;
}

/// Forgets a dead worker. What it had taken down of its call is kept.
void WorkerPool::retire(Index index) {
  Worker& worker = workers_[index];
  if (worker.id != Recorder::none) {
    recorder_->records()[worker.id] = shared_[worker.id];
    worker.id = Recorder::none;
    --busy_;
  } else {
    std::erase(idle_, index);
  }
  worker.process.socket.reset();
  dead_.push_back(index);
}

}  // namespace fanbench
