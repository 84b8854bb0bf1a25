// Each stream's next page is begun in a handler: that of its consumer's timer, or with prefetch that of the
// page before, beside the timer.
#include <deque>

#include "impls/callbacks/callbacks.hpp"
#include "impls/callbacks/pending.hpp"

namespace fanbench::callbacks {
namespace {

struct Stream {
  Stream(Fanout& its_fanout, Pending& all_streams, CallId first)
      : fanout(its_fanout), streams(all_streams), next(first), end(first + its_fanout.scenario.pages) {}

  Fanout& fanout;
  Pending& streams;
  CallId next, end;  // of its calls
  Timer consumer{fanout.loop.get_executor()};
  Reply page{};
  int under_way = 0;

  void begin() {
    fetch([this] { page_came(); });
  }
  void page_came() {
    if (page.verdict != Verdict::ok) return over();
    if (page.more && fanout.scenario.prefetch > 0) {
      under_way = 2;
      fetch([this] { one_came(); });
      consume([this] { one_came(); });
    } else {
      consume([this] { page.more ? begin() : over(); });
    }
  }
  void one_came() {
    if (--under_way == 0) page_came();
  }
  void over() {
    fanout.recorder.leave_out(next, end);  // none, unless a page failed
    streams.end();
  }

  template <class Then>
  void fetch(Then then) {
    const Request request{.run = fanout.scenario.run, .id = next++, .cursor = page.answer};
    if (page.more) fanout.recorder.ready(request.id);
    fanout.call(request, [this, then](const Reply& reply) {
      page = reply;
      then();
    });
  }
  template <class Then>
  void consume(Then then) {
    consumer.expires_after(fanout.scenario.consume);
    consumer.async_wait([then](const boost::system::error_code&) { then(); });
  }
};

}  // namespace

void paginate(Fanout& fanout) {
  const Scenario& scenario = fanout.scenario;
  Pending pending(fanout.loop, scenario.calls / scenario.pages);
  std::deque<Stream> streams;
  for (CallId first = 0; first < scenario.calls; first += scenario.pages)
    streams.emplace_back(fanout, pending, first).begin();
  pending.wait();
}

}  // namespace fanbench::callbacks
