// Reads a target's query: "bytes=100&over=1s".
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace fanbench::server {

/// The values of the keys that an endpoint knows, percent-decoded. Each may be left out, and is empty then.
class Query {
 public:
  /// Throws PlanError where the query has other keys, or one twice.
  Query(std::string_view query, std::initializer_list<std::string_view> keys);
  const std::string& operator[](std::string_view key) const;

 private:
  std::vector<std::pair<std::string_view, std::string>> values_;
};

/// Throws PlanError with the key's name before what was expected.
std::uint64_t read_whole_number(std::string_view key, std::string_view text, std::uint64_t min,
                                std::uint64_t max);

}  // namespace fanbench::server
