// Takes text apart into characters, and keeps those that a terminal shows.
#include "mock_server/plan/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace fanbench {
namespace {

struct Character {
  std::size_t bytes = 0;  // 0: it is none
  char32_t code = 0;
};

/// The one that the text, which is not empty, begins with. Source: RFC 3629, 3.
Character first_character(std::string_view text) {
  constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};  // by length; shorter is overlong
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = byte(0);
  if (lead < 0x80) return {1, lead};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc0 || lead > 0xf7 || text.size() < bytes) return {};
  char32_t code = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return {};
    code = code << 6U | (byte(i) & 0x3fU);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  return code < least[bytes] || code > 0x10ffff || surrogate ? Character{} : Character{bytes, code};
}

/// Of a terminal or of the line: C0 and C1, and what breaks a line or turns its direction.
bool is_control(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
         (code >= 0x2066 && code <= 0x2069);
}

/// The character that the text begins with, or what stands for it.
std::string show_first(std::string_view text, const Character& c) {
  if (c.bytes == 0) return fmt::format("\\x{:02x}", static_cast<std::uint8_t>(text[0]));
  if (!is_control(c.code)) return std::string(text.substr(0, c.bytes));
  if (c.code == '\n') return "\\n";
  if (c.code == '\r') return "\\r";
  if (c.code == '\t') return "\\t";
  const auto code = static_cast<std::uint32_t>(c.code);
  return code < 0x80 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  std::string out;
  while (!text.empty()) {
    const Character first = first_character(text);
    const std::string shown = show_first(text, first);
    if (out.size() + shown.size() > longest) return out + "…";
    out += shown;
    text.remove_prefix(std::max<std::size_t>(first.bytes, 1));
  }
  return out;
}

}  // namespace fanbench
