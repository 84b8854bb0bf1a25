// What became of a row: a verified measurement, a fact that leaves it without one, or an error.
#pragma once

#include <exception>
#include <string_view>

namespace fanbench {

/// not_applicable: the model cannot do the workload. limit: the case does not fit in the machine.
enum class Status { verified, error, not_applicable, limit };

std::string_view to_string(Status status) noexcept;

/// What a row is of which this was thrown; what() is its reason.
Status status_of(const std::exception& reason) noexcept;

}  // namespace fanbench
