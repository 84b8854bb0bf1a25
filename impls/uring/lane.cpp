#include "impls/uring/lane.hpp"

#include <memory>
#include <optional>
#include <utility>

namespace fanbench::uring {

Lane::Lane(const Setup& setup, Loop& home) : home_(home) {
  std::promise<void> promise;
  auto made = promise.get_future();
  thread_ = std::jthread(
      [this, setup, promised = std::move(promise)]() mutable { serve(setup, std::move(promised)); });
  made.get();
}

Lane::~Lane() {
  over_ = true;
  command_told_.tell(home_, *loop_);
  home_.hand_over();
}

/// A ring is for the thread that made it.
void Lane::serve(const Setup& setup, std::promise<void> made) {
  std::optional<Loop> loop;
  std::optional<Client> client;
  try {
    client.emplace(setup, loop.emplace());
  } catch (...) {
    return made.set_exception(std::current_exception());
  }
  Join calls;
  loop_ = &*loop;
  client_ = &*client;
  calls_ = &calls;
  made.set_value();
  for (;;) {
    loop->run_until(commanded_);
    if (over_) return;
    commanded_ = false;
    try {
      command_(*loop, *client);
    } catch (...) {
      failure_ = std::current_exception();
    }
    obeyed_told_.tell(*loop, home_);
  }
}

void Lane::begin(std::function<void(Loop&, Client&)> command) {
  command_ = std::move(command);
  obeyed_ = false;
  command_told_.tell(home_, *loop_);
}

void Lane::wait() {
  home_.run_until(obeyed_);
  if (failure_) std::rethrow_exception(std::exchange(failure_, {}));
}

void Dealt::answered() {
  if (--answers_awaited_ > 0) return;
  const std::unique_ptr<Dealt> ended(this);
  call_.end(reply_);
}

}  // namespace fanbench::uring
