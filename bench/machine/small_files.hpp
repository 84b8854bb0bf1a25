// Reads the small files in which the kernel says what it allows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>

namespace fanbench {

inline constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

/// Empty where there is no such file.
inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The file's first number; unlimited where there is no file, or no number in it ("max").
inline std::uint64_t read_number(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::uint64_t number = 0;
  return in >> number ? number : unlimited;
}

/// The number that follows the key in the line that begins with it; `otherwise` where there is none.
inline std::uint64_t number_of_key(const std::string& text, std::string_view key, std::uint64_t otherwise) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::uint64_t number = 0;
    if (line.starts_with(key) && std::istringstream(line.substr(key.size())) >> number) return number;
  }
  return otherwise;
}

}  // namespace fanbench
