// Says what came and what was expected.
#include "mock_server/plan/refusal.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "mock_server/plan/printable.hpp"

namespace fanbench {

std::string quote(std::string_view text) { return fmt::format("\"{}\"", printable(text)); }

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
    }
  }
  return row.back();
}

void refuse(std::string_view came, std::string_view expected) {
  throw PlanError(fmt::format("came {}, expected {}", came, expected));
}

void suggest(std::string_view wrong, std::string_view form) {
  throw PlanError(fmt::format("{}: {}", wrong, form));
}

}  // namespace fanbench
