// Permits on event loops: a channel with a message for each. Who finds it empty waits in it, in arrival
// order, and goes on on its own loop.
#pragma once

#include <boost/asio/experimental/concurrent_channel.hpp>

#include "impls/http/async.hpp"

namespace fanbench::coroutines {

/// With room for as many permits as there are; async_receive takes one.
using Permits = asio::experimental::concurrent_channel<Loop, void(boost::system::error_code)>;

/// All are there to be taken.
inline void fill(Permits& permits) {
  while (permits.try_send(boost::system::error_code())) {
  }
}

/// One that was taken, given back at the end, whatever that is. Of no permits at all: nothing.
struct Permit {
  Permits* of;
  ~Permit() {
    if (of) of->try_send(boost::system::error_code());
  }
};

}  // namespace fanbench::coroutines
