// Says what came and what was expected.
#include "mock_server/plan/refusal.hpp"

namespace fanbench {

std::string quote(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, longest)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (text.size() > longest ? "…\"" : "\"");
}

void refuse(std::string_view came, std::string_view expected) {
  throw PlanError(fmt::format("came {}, expected {}", came, expected));
}

}  // namespace fanbench
