// Values as bytes, for a process of the same build.
#pragma once

#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace fanbench::ranks {

template <class T>
concept Plain = std::is_trivially_copyable_v<T>;

class Writer {
 public:
  template <Plain T>
  void put(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  template <Plain T>
  void put(std::span<const T> values) {
    put(values.size());
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Throws std::runtime_error where there are fewer bytes than are asked for.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <Plain T>
  T get() {
    T value;
    std::memcpy(&value, next(sizeof value), sizeof value);
    return value;
  }
  template <Plain T>
  std::vector<T> get_all() {
    const auto size = get<std::size_t>();
    if (size > bytes_.size() / sizeof(T)) too_few();
    std::vector<T> values(size);
    if (size > 0) std::memcpy(values.data(), next(size * sizeof(T)), size * sizeof(T));
    return values;
  }
  bool at_end() const { return bytes_.empty(); }

 private:
  [[noreturn]] static void too_few() { throw std::runtime_error("a message from another rank is cut short"); }
  const char* next(std::size_t size) {
    if (bytes_.size() < size) too_few();
    const char* at = bytes_.data();
    bytes_.remove_prefix(size);
    return at;
  }

  std::string_view bytes_;
};

}  // namespace fanbench::ranks
