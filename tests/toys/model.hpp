// A model for tests that does the workloads with plain threads, and can be told to break exactly one rule.
#pragma once

#include <atomic>
#include <map>
#include <thread>
#include <vector>

#include "impls/blocking/call.hpp"
#include "impls/blocking/fair_semaphore.hpp"
#include "impls/blocking/retry.hpp"
#include "impls/contract/model.hpp"
#include "tests/toys/break.hpp"
#include "tests/toys/broadcasts.hpp"
#include "tests/toys/chains.hpp"
#include "tests/toys/groups.hpp"
#include "tests/toys/queues.hpp"
#include "tests/toys/retries.hpp"
#include "tests/toys/streams.hpp"
#include "tests/toys/work.hpp"

namespace fanbench {

class Toy final : public Model {
 public:
  Toy(const Setup& setup, Break broken)
      : setup_(setup), broken_(broken), client_(make_blocking_client(setup)) {}

  void warm(std::uint32_t in_flight) override { client_->warm(in_flight); }
  void run(std::string_view workload, const Scenario& scenario, Recorder& recorder) override {
    using Function = void (Toy::*)(const Scenario&, Recorder&);
    static const std::map<std::string_view, Function> functions = {
        {"gather", &Toy::gather},
        {"all_settled", &Toy::all_settled},
        {"task_group", &Toy::task_group},
        {"first_completed", &Toy::first_completed},
        {"timeout", &Toy::timeout},
        {"semaphore", &Toy::semaphore},
        {"worker_pool", &Toy::worker_pool},
        {"producer_consumer", &Toy::producer_consumer},
        {"pipeline", &Toy::pipeline},
        {"retry", &Toy::retry},
        {"paginate", &Toy::paginate},
        {"early_start", &Toy::early_start},
        {"shield", &Toy::shield},
        {"hedged", &Toy::hedged},
        {"rate_limited", &Toy::rate_limited},
        {"stream", &Toy::stream},
        {"broadcast", &Toy::broadcast},
        {"llm_client", &Toy::llm_client},
        {"page", &Toy::page},
        {"crawl", &Toy::crawl},
        {"bridge", &Toy::bridge},
        {"drain", &Toy::drain},
        {"background", &Toy::background},
        {"mixed", &Toy::mixed},
        {"cpu", &Toy::cpu},
    };
    (this->*functions.at(workload))(scenario, recorder);
  }

 private:
  void gather(const Scenario& scenario, Recorder& recorder) {
    std::vector<std::jthread> threads;
    for (CallId id = 0; id < scenario.calls; ++id) {
      if (measured(scenario) && id == 1 && broken_ == Break::lose_a_call) continue;
      threads.emplace_back([&, id] { one(scenario, id, recorder); });
      if (measured(scenario) && broken_ == Break::one_after_another) threads.clear();
      if (measured(scenario) && broken_ == Break::ten_at_a_time && threads.size() == 10) threads.clear();
    }
    threads.clear();
    if (measured(scenario) && broken_ == Break::swap_two_replies) {
      std::swap(recorder.records()[0].answer, recorder.records()[1].answer);
    }
    if (measured(scenario) && broken_ == Break::leave_one_running) {
      left_ = std::jthread([this, scenario] { client_->get({scenario.run, 0, 1}); });
      recorder.start(0);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    if (broken_ == Break::new_connections) client_ = make_blocking_client(setup_);
  }

  void semaphore(const Scenario& scenario, Recorder& recorder) {
    if (broken_ == Break::last_come_first_served)
      return toys::last_come_first_served(*client_, scenario, recorder);
    FairSemaphore permits(scenario.limit + (broken_ == Break::exceed_the_limit ? 1 : 0));
    std::vector<std::jthread> threads;
    for (CallId id = 0; id < scenario.calls; ++id) {
      threads.emplace_back([&, id] {
        permits.acquire();
        call(*client_, {scenario.run, id}, recorder);
        permits.release();
      });
    }
  }

  void first_completed(const Scenario& scenario, Recorder& recorder) {
    if (broken_ == Break::make_one_only || broken_ == Break::forge_the_others)
      return toys::make_one_only(*client_, scenario, recorder, broken_);
    std::stop_source stop;
    std::atomic_flag completed;
    std::vector<std::jthread> replicas;
    for (CallId id = 0; id < scenario.calls; ++id) {
      replicas.emplace_back([&, id] {
        const Reply reply = call(*client_, {scenario.run, id}, recorder, {stop.get_token()});
        if (reply.verdict == Verdict::cancelled || completed.test_and_set()) return;
        recorder.choose(broken_ == Break::choose_the_wrong_one ? (id + 1) % scenario.calls : id);
        if (broken_ != Break::forget_to_cancel) stop.request_stop();
      });
    }
    replicas.clear();
    if (broken_ == Break::choose_the_wrong_one) {  // it even forges the record
      const CallId right = (recorder.chosen() + scenario.calls - 1) % scenario.calls;
      recorder.records()[recorder.chosen()].verdict = Verdict::ok;
      recorder.records()[recorder.chosen()].status = recorder.records()[right].status;
    }
  }

  void all_settled(const Scenario& scenario, Recorder& recorder) {
    gather(scenario, recorder);
    if (broken_ == Break::hide_a_failure) toys::hide_a_failure(recorder);
  }
  void task_group(const Scenario& scenario, Recorder& recorder) {
    toys::task_group(*client_, scenario, recorder, broken_);
  }
  void timeout(const Scenario& scenario, Recorder& recorder) {
    toys::timeout(*client_, scenario, recorder, broken_);
  }
  void broadcast(const Scenario& scenario, Recorder& recorder) {
    toys::broadcast(*client_, scenario, recorder, broken_);
  }
  void llm_client(const Scenario& scenario, Recorder& recorder) {
    toys::llm_client(*client_, scenario, recorder, broken_);
  }
  void crawl(const Scenario& scenario, Recorder& recorder) {
    toys::Crawl(*client_, scenario, recorder, broken_).run();
  }
  void stream(const Scenario& scenario, Recorder& recorder) {
    toys::stream(*client_, scenario, recorder, broken_);
  }
  void shield(const Scenario& scenario, Recorder& recorder) {
    toys::shield(*client_, scenario, recorder, broken_);
  }
  void background(const Scenario& scenario, Recorder& recorder) {
    toys::background(*client_, scenario, recorder, broken_);
  }
  void drain(const Scenario& scenario, Recorder& recorder) {
    toys::drain(*client_, scenario, recorder, broken_);
  }
  void bridge(const Scenario& scenario, Recorder& recorder) {
    toys::bridge(*client_, scenario, recorder, broken_);
  }
  void hedged(const Scenario& scenario, Recorder& recorder) {
    toys::hedged(*client_, scenario, recorder, broken_);
  }
  void page(const Scenario& scenario, Recorder& recorder) {
    toys::page(*client_, scenario, recorder, broken_);
  }
  void rate_limited(const Scenario& scenario, Recorder& recorder) {
    toys::rate_limited(*client_, scenario, recorder, broken_);
  }
  void worker_pool(const Scenario& scenario, Recorder& recorder) {
    toys::worker_pool(*client_, scenario, recorder, broken_);
  }
  void producer_consumer(const Scenario& scenario, Recorder& recorder) {
    toys::ProducerConsumer(*client_, scenario, recorder, broken_).run();
  }
  void pipeline(const Scenario& scenario, Recorder& recorder) {
    toys::pipeline(*client_, scenario, recorder, broken_);
  }
  void paginate(const Scenario& scenario, Recorder& recorder) {
    toys::paginate(*client_, scenario, recorder, broken_);
  }
  void early_start(const Scenario& scenario, Recorder& recorder) {
    toys::early_start(*client_, scenario, recorder, broken_);
  }
  void mixed(const Scenario& scenario, Recorder& recorder) {
    toys::mixed(*client_, scenario, recorder, broken_);
  }
  void cpu(const Scenario& scenario, Recorder& recorder) { toys::cpu(*client_, scenario, recorder, broken_); }

  void retry(const Scenario& scenario, Recorder& recorder) {
    if (scenario.limit > 0) return toys::retry_within_limit(*client_, scenario, recorder, broken_);
    Scenario changed = scenario;
    if (broken_ == Break::retry_too_early || broken_ == Break::record_a_longer_wait)
      changed.backoff = Nanoseconds(0);
    if (broken_ == Break::give_up_early) changed.attempts = 1;
    std::vector<std::jthread> threads;
    for (CallId id = 0; id < scenario.calls; ++id) {
      threads.emplace_back([&, id] {
        if (broken_ == Break::record_an_attempt_not_made && id == 0)
          return toys::skip_an_attempt(*client_, scenario, recorder);
        call_until_ok(*client_, changed, id, recorder);
        if (broken_ != Break::retry_too_often || id != 0) return;
        recorder.start(id);
        recorder.finish(id, client_->get({scenario.run, id, 2}));
      });
    }
    threads.clear();
    toys::forge_attempts(scenario, recorder, broken_);
  }

  /// The warm-up stays honest: its scenario has the default seed, those of the tests have not.
  static bool measured(const Scenario& scenario) { return scenario.seed != Scenario{}.seed; }

  void one(const Scenario& scenario, CallId id, Recorder& recorder) {
    const bool this_one = measured(scenario) && id == 1;
    if (this_one && broken_ == Break::skip_a_call) {
      recorder.start(id);
      return recorder.finish(id, {.verdict = Verdict::ok, .status = 200});
    }
    call(*client_, {scenario.run, id}, recorder);
    if (this_one && broken_ == Break::make_one_twice) client_->get({scenario.run, id});
    if (this_one && broken_ == Break::too_fast)
      recorder.records()[id].finished = recorder.records()[id].started;
  }

  Setup setup_;
  Break broken_;
  std::unique_ptr<BlockingClient> client_;
  std::jthread left_;
};

template <Break broken>
std::unique_ptr<Model> make_toy(const Setup& setup) {
  return std::make_unique<Toy>(setup, broken);
}

/// The toy as a row of the catalogue.
template <Break broken>
ModelEntry toy() {
  return {.name = "toy",
          .make = make_toy<broken>,
          .most_in_flight = [](const Setup&) { return UINT32_MAX; },
          .needs = [](const Setup&, std::uint32_t, std::uint32_t) { return Needs{}; },
          .supports = [](std::string_view, std::string_view) { return true; }};
}

}  // namespace fanbench
