// The one place that knows which exception means what.
#include "bench/measure/status.hpp"

#include "bench/measure/run.hpp"

namespace fanbench {

std::string_view to_string(Status status) noexcept {
  switch (status) {
    case Status::verified:
      return "verified";
    case Status::error:
      return "error";
    case Status::not_applicable:
      return "not_applicable";
    case Status::limit:
      return "limit";
  }
  return "";
}

Status status_of(const std::exception& reason) noexcept {
  if (dynamic_cast<const NotApplicable*>(&reason)) return Status::not_applicable;
  if (dynamic_cast<const BeyondLimit*>(&reason)) return Status::limit;
  return Status::error;
}

}  // namespace fanbench
