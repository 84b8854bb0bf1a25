// Stands in for the io_uring model and its floor where they are built without liburing: each case says so.
#include "impls/uring/entry.hpp"

namespace fanbench::uring {

std::unique_ptr<Model> make(const Setup&) {
  throw NotApplicable("this fanbench was built without liburing (Debian: liburing-dev)");
}
std::unique_ptr<Model> make_floor(const Setup& setup) { return make(setup); }

}  // namespace fanbench::uring
