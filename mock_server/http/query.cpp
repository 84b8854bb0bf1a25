// Takes queries apart.
#include "mock_server/http/query.hpp"

#include <algorithm>
#include <charconv>

#include "mock_server/http/route.hpp"
#include "mock_server/plan/refusal.hpp"

namespace fanbench::server {

Query::Query(std::string_view query, std::initializer_list<std::string_view> keys) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto* known = std::find(keys.begin(), keys.end(), pair.substr(0, equals));
    auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
    if (known == keys.end() || !value || !(*this)[*known].empty()) {
      refuse(quote(pair), fmt::format("no query but {}=<value>, each once", fmt::join(keys, "=<value>, ")));
    }
    values_.emplace_back(*known, std::move(*value));
  }
}

const std::string& Query::operator[](std::string_view key) const {
  static const std::string none;
  const auto found =
      std::find_if(values_.begin(), values_.end(), [&](const auto& v) { return v.first == key; });
  return found == values_.end() ? none : found->second;
}

std::uint64_t read_whole_number(std::string_view key, std::string_view text, std::uint64_t min,
                                std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < min || value > max) {
    throw PlanError(
        fmt::format("{}: came {}, expected a whole number from {} to {}", key, quote(text), min, max));
  }
  return value;
}

}  // namespace fanbench::server
