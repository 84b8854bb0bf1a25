// One call after another, each tried again until it succeeds; everybody waits while one waits for its next
// attempt.
#include "impls/sequential/sequential.hpp"

namespace fanbench {

void Sequential::retry(const Scenario& scenario, Recorder& recorder) {
  for (CallId id = 0; id < scenario.calls; ++id) call_until_ok(*client_, scenario, id, recorder);
}

}  // namespace fanbench
