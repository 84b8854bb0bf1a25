#include "impls/callbacks/dealing_client.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <memory>
#include <utility>

namespace fanbench::callbacks {

/// A call, and who waits for it. Both lanes may be busy with it when it ends.
struct DealingClient::Dealt {
  std::uint32_t lane;
  asio::cancellation_slot cancellation;  // of who waits, to be used in the first lane alone
  Completion done;
  asio::cancellation_signal signal{};  // the call's, to be used in its lane alone
};

void DealingClient::start(const Request& request, asio::cancellation_slot cancellation, Completion done) {
  const auto fewest = std::ranges::min_element(under_way_);
  ++*fewest;
  const auto lane = static_cast<std::uint32_t>(fewest - under_way_.begin());
  const auto call = std::make_shared<Dealt>(lane, cancellation, std::move(done));
  const Lane &here = lanes_.of(0), &there = lanes_.of(lane);
  if (lane == 0) {
    Completion ended_here([this, call](const Reply& reply) { ended(*call, reply); });
    return start_with(here.client, request, cancellation, std::move(ended_here));
  }
  asio::cancellation_slot given_up_there;
  if (cancellation.is_connected()) {
    given_up_there = call->signal.slot();
    cancellation.assign([call, loop = there.loop](asio::cancellation_type how) {
      asio::post(loop, [call, how] { call->signal.emit(how); });
    });
  }
  asio::post(there.loop, [this, &there, request, call, given_up_there, back = here.loop] {
    Completion ended_there([this, call, back](const Reply& reply) {
      asio::post(back, [this, call, reply] {
        call->cancellation.clear();
        ended(*call, reply);
      });
    });
    start_with(there.client, request, given_up_there, std::move(ended_there));
  });
}

void DealingClient::ended(Dealt& call, const Reply& reply) {
  --under_way_[call.lane];
  Completion done = std::move(call.done);  // and its handler ends here, whoever lets go of the call last
  std::move(done)(reply);
}

}  // namespace fanbench::callbacks
