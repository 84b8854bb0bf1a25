// Event loops to which calls are dealt out, and groups whose coroutines are on several of them.
#include "impls/http/lanes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "impls/callbacks/dealing_client.hpp"
#include "impls/callbacks/pending.hpp"
#include "impls/coroutines/group.hpp"
#ifdef FANBENCH_HAS_URING
#include "impls/uring/lane.hpp"
#endif
#include "tests/impls/scripted_server.hpp"

namespace fanbench {
namespace {

using namespace std::chrono_literals;
using coroutines::Prepared;
using testing::_, testing::Pair, testing::UnorderedElementsAre;

Awaitable<void> note_thread(std::thread::id& thread) {
  thread = std::this_thread::get_id();
  co_return;
}

TEST(Lanes, DealInTurnEachToAThreadOfItsOwn) {
  Lanes lanes({.workers = 3});
  std::vector<std::thread::id> threads(9);
  std::vector<Prepared> all;
  for (std::uint32_t n = 0; n < threads.size(); ++n)
    all.push_back({lanes.of(n).loop, note_thread(threads[n])});
  lanes.run(coroutines::join_all(std::move(all)));
  EXPECT_EQ(threads[0], std::this_thread::get_id());
  EXPECT_EQ(std::set(threads.begin(), threads.end()).size(), 3);
  for (std::uint32_t n = 3; n < threads.size(); ++n) EXPECT_EQ(threads[n], threads[n - 3]);
}

TEST(Lanes, OfOneLoopMakeNoThread) {
  Lanes lanes({});
  std::thread::id thread;
  lanes.run(note_thread(thread));
  EXPECT_EQ(thread, std::this_thread::get_id());
  EXPECT_EQ(&lanes.of(0), &lanes.of(17));
}

/// Of calls that are dealt out by their ids: none may find no connection open.
TEST(Lanes, HaveAsManyInFlightAsTheyWereDealt) {
  struct Row {
    std::uint32_t workers, calls, in_flight, most;
  };
  const Row rows[] = {
      {1, 10, 4, 4},    // one has them all
      {2, 10, 10, 5},   // all at once
      {3, 10, 10, 4},   // they do not come out even
      {2, 100, 8, 8},   // a limit, and who has the permits is chance
      {4, 10, 8, 3},    // no more than it was dealt
      {2, 10, 20, 10},  // a copy of each
      {2, 10, 13, 10},  // copies of some: of all in one
      {16, 3, 3, 1},    // more loops than calls
      {2, 0, 0, 0},     // nothing to do
  };
  for (const Row& row : rows) {
    const fanbench::Setup setup{.workers = row.workers, .calls = row.calls};
    EXPECT_EQ(most_in_a_lane(setup, row.in_flight), row.most)
        << row.workers << ' ' << row.calls << ' ' << row.in_flight;
  }
}

Awaitable<void> fail() {
  throw std::runtime_error("as it should");
  co_return;
}

TEST(Lanes, RethrowWhatTheirWorkThrows) {
  Lanes lanes({.workers = 2});
  std::vector<Prepared> all;
  for (std::uint32_t n = 0; n < 2; ++n) all.push_back({lanes.of(n).loop, fail()});
  EXPECT_THROW(lanes.run(coroutines::join_all(std::move(all))), std::runtime_error);
}

/// Waits until then, or until it is cancelled, and says by which thread it was told.
Awaitable<void> wait_until(Timer::time_point time, std::thread::id& thread) {
  co_await asio::this_coro::throw_if_cancelled(false);
  Timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(asio::as_tuple(asio::deferred));
  thread = std::this_thread::get_id();
}

TEST(Lanes, CancelAGroupsCoroutinesOnTheirOwnLoops) {
  Lanes lanes({.workers = 3});
  std::vector<std::thread::id> threads(30);
  std::vector<Prepared> all;
  for (std::uint32_t n = 0; n < threads.size(); ++n)
    all.push_back({lanes.of(n).loop, wait_until(Timer::time_point::max(), threads[n])});
  lanes.run(coroutines::within(Timer::clock_type::now() + 10ms, coroutines::join_group(std::move(all))));
  EXPECT_EQ(std::set(threads.begin(), threads.end()).size(), 3);
  for (std::uint32_t n = 3; n < threads.size(); ++n) EXPECT_EQ(threads[n], threads[n - 3]);
}

Awaitable<void> race(std::vector<Prepared> all, std::vector<std::size_t>& order) {
  order = co_await coroutines::run_group(std::move(all), asio::experimental::wait_for_one());
}

/// Each time some end by themselves just when they are cancelled: both cross, from loop to loop.
TEST(Lanes, CancelWhatIsAboutToEnd) {
  Lanes lanes({.workers = 3});
  for (int round = 0; round < 300; ++round) {
    std::vector<std::thread::id> threads(30);
    std::vector<Prepared> all;
    for (std::uint32_t n = 0; n < threads.size(); ++n)
      all.push_back({lanes.of(n).loop, wait_until(Timer::clock_type::now() + n * 10us, threads[n])});
    std::vector<std::size_t> order;
    lanes.run(race(std::move(all), order));
    EXPECT_EQ(order.size(), threads.size());
    EXPECT_THAT(threads, testing::Each(testing::Ne(std::thread::id())));
  }
}

/// What reads a body is told of it by the thread that makes the call.
class ThreadNoted final : public BodyReader {
 public:
  void begin() override {}
  void read(std::string_view) override { thread = std::this_thread::get_id(); }
  std::uint64_t answer() const override { return 0; }

  std::thread::id thread;
};

/// Answers everything at once.
void answer_all(ScriptedServer::Peer& peer) {
  while (!peer.receive().empty()) peer.send(with_length("00000000000000a7"));
}

fanbench::Setup setup_of(const ScriptedServer& server, std::uint32_t workers) {
  return {.port = server.port(), .workers = workers, .calls = 100};
}

TEST(Lanes, ThatCannotBeWarmedSayWhy) {
  std::uint16_t port = 0;
  { port = ScriptedServer(answer_all).port(); }
  Lanes lanes({.port = port, .workers = 3, .calls = 9});
  EXPECT_THROW(lanes.warm(9), std::runtime_error);
}

TEST(DealingClient, HasItsCallsMadeByAllLoopsAndTheirHandlersInvokedByTheFirst) {
  ScriptedServer server(answer_all);
  Lanes lanes(setup_of(server, 3));
  callbacks::DealingClient client(lanes);
  std::vector<ThreadNoted> readers(9);
  callbacks::Pending calls(lanes.first(), readers.size());
  for (CallId id = 0; id < readers.size(); ++id) {
    // Every third: dealt out by their ids, they would all be in one lane.
    client.get({.run = 1, .id = 3 * id, .reader = &readers[id]},
               [&calls, here = std::this_thread::get_id()](const Reply& reply) {
                 EXPECT_EQ(reply.verdict, Verdict::ok);
                 EXPECT_EQ(std::this_thread::get_id(), here);
                 calls.end();
               });
  }
  calls.wait();
  std::map<std::thread::id, int> made;
  for (const ThreadNoted& reader : readers) ++made[reader.thread];
  EXPECT_THAT(made, UnorderedElementsAre(Pair(_, 3), Pair(_, 3), Pair(_, 3)));
}

/// A reply and the cancellation of its call cross, from loop to loop.
TEST(DealingClient, MayBeCancelledWhileItsCallsEnd) {
  ScriptedServer server(answer_all);
  Lanes lanes(setup_of(server, 3));
  callbacks::DealingClient client(lanes);
  for (int round = 0; round < 100; ++round) {
    std::deque<asio::cancellation_signal> cancellations(12);
    callbacks::Pending calls(lanes.first(), cancellations.size());
    int ended = 0;
    for (CallId id = 0; id < cancellations.size(); ++id) {
      const auto end = [&](const Reply&) {
        if (++ended == round % 12)
          for (auto& cancellation : cancellations) cancellation.emit(asio::cancellation_type::terminal);
        calls.end();
      };
      client.get({.run = 1, .id = id}, asio::bind_cancellation_slot(cancellations[id].slot(), end));
    }
    calls.wait();
    EXPECT_EQ(ended, 12);
  }
}

#ifdef FANBENCH_HAS_URING
class RingLanes : public testing::Test {
 protected:
  void SetUp() override {
    try {
      loop.emplace();
    } catch (const NotApplicable& reason) {
      GTEST_SKIP() << reason.what();
    }
    const fanbench::Setup setup = setup_of(server, 3);
    client.emplace(setup, *loop);
    for (int i = 0; i < 2; ++i) lanes.emplace_back(setup, *loop);
    client->deal_out_to(lanes);
  }

  ScriptedServer server{answer_all};
  std::optional<uring::Loop> loop;
  std::optional<uring::Client> client;
  std::deque<uring::Lane> lanes;
};

uring::Task<> get_one(uring::Client& client, Request request, uring::CancelScope& scope, int& ended,
                      int cancel_at) {
  co_await client.get(request, &scope);
  if (++ended == cancel_at) scope.cancel();
}

uring::Task<> get_all(uring::Client& client, std::vector<ThreadNoted>& readers, int& ended, int cancel_at) {
  uring::CancelScope scope;
  uring::Join calls;
  for (CallId id = 0; id < readers.size(); ++id)
    calls.spawn(get_one(client, {.run = 1, .id = 3 * id, .reader = &readers[id]}, scope, ended, cancel_at));
  co_await calls;
}

TEST_F(RingLanes, HaveTheirPartOfTheCalls) {
  std::vector<ThreadNoted> readers(9);
  int ended = 0;
  uring::run(*loop, get_all(*client, readers, ended, 0));
  EXPECT_EQ(ended, 9);
  std::map<std::thread::id, int> made;
  for (const ThreadNoted& reader : readers) ++made[reader.thread];
  EXPECT_THAT(made, UnorderedElementsAre(Pair(_, 3), Pair(_, 3), Pair(_, 3)));
}

TEST_F(RingLanes, MayBeCancelledWhileTheirCallsEnd) {
  for (int round = 0; round < 100; ++round) {
    std::vector<ThreadNoted> readers(12);
    int ended = 0;
    uring::run(*loop, get_all(*client, readers, ended, round % 12));
    EXPECT_EQ(ended, 12);
  }
}

TEST_F(RingLanes, TellWhatFailedThere) {
  lanes[1].begin([](uring::Loop&, uring::Client&) { throw std::runtime_error("as it should"); });
  EXPECT_THROW(lanes[1].wait(), std::runtime_error);
  lanes[1].begin([](uring::Loop&, uring::Client&) {});
  lanes[1].wait();
}
#endif

}  // namespace
}  // namespace fanbench
