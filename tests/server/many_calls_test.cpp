// Half a million calls whose clients leave: the memory for them comes back. Takes minutes.
#include <malloc.h>

#include <fstream>
#include <vector>

#include "tests/sanitized.hpp"
#include "tests/server/server_fixture.hpp"

namespace fanbench::server {
namespace {

std::size_t resident_bytes() {
  malloc_trim(0);
  std::size_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident * static_cast<std::size_t>(getpagesize());
}

class ManyTest : public ServerTest {
 protected:
  ManyTest() : ServerTest({.threads = 2}) {}

  void abandon(CallId calls) const {
    const std::uint64_t run = create_run(R"({"delay":"3600s","capacity":{"slots":100}})");
    std::vector<Client> clients;
    for (CallId id = 0; id < calls; ++id) {
      clients.push_back(connect());
      clients.back().send(get(call(run, id)));
    }
    const auto all = [calls](const char* what) { return [=](const Json& l) { return l[what] == calls; }; };
    ledger_when(run, all("open"));
    for (Client& client : clients) client.hang_up_with_reset();  // leaves no port in TIME_WAIT
    const Json seen = ledger_when(run, all("abandoned"));
    EXPECT_EQ(seen["in_flight_peak"], calls);
    EXPECT_EQ(connect().request("DELETE", runs(run)).status, 204);
  }
};

TEST_F(ManyTest, HalfAMillionAbandonedCallsLeaveNothing) {
  constexpr CallId batch = 400;
  constexpr int batches = sanitized ? 50 : 1'250;
  for (int i = 0; i < 10; ++i) abandon(batch);  // until then memory grows to what is in use at a time
  const std::size_t before = resident_bytes();
  for (int i = 0; i < batches && !HasFailure(); ++i) abandon(batch);
  if (!sanitized) {
    EXPECT_LT(resident_bytes(), before + (8 << 20));
  }
  expect_serving();
  EXPECT_EQ(Json::parse(connect().get("/healthz").body)["runs"], 0);
}

}  // namespace
}  // namespace fanbench::server
