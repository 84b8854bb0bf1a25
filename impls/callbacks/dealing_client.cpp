#include "impls/callbacks/dealing_client.hpp"

#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

namespace fanbench::callbacks {
namespace {

/// A call that is made in another lane than who waits for it. Either may be busy with it when it ends.
struct Dealt {
  asio::cancellation_slot cancellation;  // of who waits, to be used in the first lane alone
  Completion done;
  asio::cancellation_signal signal{};  // the call's, to be used in its lane alone
};

}  // namespace

void DealingClient::start(const Request& request, asio::cancellation_slot cancellation, Completion done) {
  const Lane& here = lanes_.of(0);
  const Lane& there = lanes_.of(request.id);
  if (&there == &here) return start_with(here.client, request, cancellation, std::move(done));
  const auto call = std::make_shared<Dealt>(cancellation, std::move(done));
  if (cancellation.is_connected()) {
    cancellation.assign([call, loop = there.loop](asio::cancellation_type how) {
      asio::post(loop, [call, how] { call->signal.emit(how); });
    });
  }
  asio::post(there.loop, [&there, request, call, back = here.loop] {
    start_with(there.client, request, call->signal.slot(), Completion([call, back](const Reply& reply) {
                 asio::post(back, [call, reply] {
                   call->cancellation.clear();
                   std::move(call->done)(reply);
                 });
               }));
  });
}

}  // namespace fanbench::callbacks
