// What a worker process does: one thread does the jobs, another waits for the signal to give one up.
#include "impls/processes/worker.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <span>
#include <thread>

#include "impls/blocking/broadcasting.hpp"
#include "impls/blocking/call.hpp"
#include "impls/blocking/chain.hpp"
#include "impls/blocking/crawling.hpp"
#include "impls/blocking/deadline.hpp"
#include "impls/blocking/paging.hpp"
#include "impls/blocking/retry.hpp"
#include "impls/blocking/streaming.hpp"
#include "impls/kernel.hpp"
#include "impls/processes/fork_server.hpp"

namespace fanbench::processes {
namespace {

/// The job under way, and the means to stop it.
class Current {
 public:
  std::stop_token begin(std::uint32_t job) {
    const std::lock_guard lock(mutex_);
    job_ = job;
    stop_ = {};
    if (stopped_ == job) stop_.request_stop();
    return stop_.get_token();
  }
  /// A signal may come when its job is done and the next one under way, which is then left alone; or overtake
  /// its job, which is then stopped when it begins.
  void stop(std::uint32_t job) {
    const std::lock_guard lock(mutex_);
    stopped_ = job;
    if (job == job_) stop_.request_stop();
  }

 private:
  std::mutex mutex_;
  std::uint32_t job_ = 0, stopped_ = 0;  // numbers, which begin at 1
  std::stop_source stop_;
};

[[noreturn]] void wait_for_stop_signals(Current& current) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, stop_signal());
  for (siginfo_t info{};;) {
    if (::sigwaitinfo(&signals, &info) > 0) current.stop(static_cast<std::uint32_t>(info.si_value.sival_int));
  }
}

/// Whether it could be opened. The pool says what that means.
Verdict open_connection(BlockingClient& client) {
  try {
    client.warm(1);
    return Verdict::ok;
  } catch (const std::runtime_error&) {
    return Verdict::transport_error;
  }
}

/// `tell`: the pool that the job is halfway.
void do_job(const Job& job, BlockingClient& client, Recorder& recorder, const std::stop_token& stop,
            const std::function<void()>& tell) {
  const Scenario& scenario = job.scenario;
  const CallId id = job.id;
  switch (job.task) {
    case Task::warm:
      recorder.finish(id, {.verdict = open_connection(client)});
      break;
    case Task::call:
      call(client, {.run = scenario.run, .id = id, .cursor = job.cursor}, recorder, {stop});
      break;
    case Task::make_copy:
      recorder.start(id, job.attempt);
      recorder.end(id, job.attempt,
                   client.get({scenario.run, id, job.attempt}, {stop, deadline_of(scenario, recorder)}));
      break;
    case Task::read_stream:
      read_stream(client, scenario, id, recorder);
      break;
    case Task::read_stream_until_ok:
      read_stream_until_ok(client, scenario, id, recorder);
      break;
    case Task::subscribe:
      subscribe(client, scenario, id, recorder, stop, tell);
      break;
    case Task::call_until_ok:
      call_until_ok(client, scenario, id, recorder);
      break;
    case Task::try_once:
      try_once(client, scenario, id, recorder);
      break;
    case Task::call_in_time:
      call_in_time(client, scenario, id, recorder);
      break;
    case Task::call_chain:
      call_chain(client, scenario, id, recorder);
      break;
    case Task::page_through:
      page_through(client, scenario, id, recorder);
      break;
    case Task::read_listing:
      read_listing(client, scenario, id, recorder, [&](const Reply& page) { return digest(scenario, page); });
      break;
    case Task::fetch_page: {
      if (!within_budget(scenario, recorder)) return recorder.leave_out(id, id + 1);
      const Request request{.run = scenario.run, .id = id, .cursor = job.cursor};
      recorder.finish(id, fetch_page(client, scenario, request, recorder));
      break;
    }
    case Task::call_and_digest:
      recorder.start(id);
      recorder.finish(id, digest(scenario, client.get({scenario.run, id})));
      break;
    case Task::digest: {
      const CallRecord& record = recorder.records()[id];
      const Reply reply{.verdict = record.verdict, .status = record.status, .answer = record.answer};
      recorder.finish(id, digest(scenario, reply));
      break;
    }
    case Task::compute:
      recorder.start(id);
      recorder.finish(id, compute(scenario, id));
      break;
  }
}

}  // namespace

void serve_jobs(int socket, const SharedRecords& records,
                const std::function<void(const Job&, Recorder&)>& work) {
  Job job;
  while (::recv(socket, &job, sizeof job, 0) == sizeof job) {
    Recorder recorder(records.calls().first(job.scenario.calls),
                      records.attempts().first(job.scenario.calls * job.attempts_per_call), job.began);
    work(job, recorder);
    const Done done{.id = job.id, .events = static_cast<std::uint32_t>(recorder.events().size())};
    ::send(socket, &done, sizeof done, MSG_NOSIGNAL);
    std::span<const EventRecord> left = recorder.events();
    while (!left.empty()) {
      const auto some = left.first(std::min(left.size(), events_in_message));
      ::send(socket, some.data(), some.size_bytes(), MSG_NOSIGNAL);
      left = left.subspan(some.size());
    }
  }
}

void run_worker(int socket, const Setup& setup, const SharedRecords& records) {
  const auto client = make_blocking_client(setup);
  Current current;
  const std::jthread listener([&current] { wait_for_stop_signals(current); });
  serve_jobs(socket, records, [&](const Job& job, Recorder& recorder) {
    const std::stop_token stop = current.begin(job.number);
    do_job(job, *client, recorder, stop, [&] {
      const Done halfway{.id = job.id, .ended = false};
      ::send(socket, &halfway, sizeof halfway, MSG_NOSIGNAL);
    });
  });
  ::_exit(0);
}

}  // namespace fanbench::processes

namespace fanbench {

void become_worker_if_asked(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == processes::fork_server_flag)
    processes::run_fork_server(argc, argv, processes::run_worker);
}

}  // namespace fanbench
