// A coroutine for each stream reads page after page; with prefetch the next page is fetched by a coroutine
// beside its consumer.
#include "impls/uring/uring.hpp"

namespace fanbench::uring {
namespace {

Sleep consume(Fanout& fanout) { return Sleep(fanout.loop, Clock::now() + fanout.scenario.consume); }

/// `page` is the last one, and then the next.
Task<> fetch(Fanout& fanout, CallId id, Reply& page) {
  fanout.recorder.ready(id);
  page = co_await call<Reply>(fanout, {.run = fanout.scenario.run, .id = id, .cursor = page.answer});
}

Task<> read_stream(Fanout& fanout, CallId first) {
  Reply page = co_await call<Reply>(fanout, {fanout.scenario.run, first});
  CallId id = first + 1;
  for (; page.more; ++id) {
    if (fanout.scenario.prefetch == 0) {
      co_await consume(fanout);
      co_await fetch(fanout, id, page);
    } else {
      Join next;
      next.spawn(fetch(fanout, id, page));
      co_await consume(fanout);
      co_await next;
    }
  }
  if (page.verdict == Verdict::ok) co_await consume(fanout);
  fanout.recorder.leave_out(id, first + fanout.scenario.pages);  // none, unless a page failed
}

}  // namespace

Task<> paginate(Fanout& fanout) {
  Join streams;
  for (CallId first = 0; first < fanout.scenario.calls; first += fanout.scenario.pages)
    streams.spawn(read_stream(fanout, first));
  co_await streams;
}

}  // namespace fanbench::uring
