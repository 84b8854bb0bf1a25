// Stands in for the io_uring model where it is built without liburing: each of its cases says so.
#include "impls/uring/entry.hpp"

namespace fanbench::uring {

std::unique_ptr<Model> make(const Setup&) {
  throw NotApplicable("this fanbench was built without liburing (Debian: liburing-dev)");
}

}  // namespace fanbench::uring
