// Not applicable: whoever puts cannot take meanwhile, so there is nothing for a queue to hold apart.
#include "impls/sequential/sequential.hpp"

namespace fanbench::sequential {

void producer_consumer(BlockingClient&, const Scenario&, Recorder&) {
  throw NotApplicable("one thing after another: nobody takes from the queue while another puts");
}

}  // namespace fanbench::sequential
