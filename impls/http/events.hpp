// The events of a reply that is a stream (text/event-stream), as they come.
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include "impls/contract/records.hpp"
#include "impls/http/request.hpp"

namespace fanbench {

/// Records each event of a call when its last byte has come: its number, from its `id`, and what it brought,
/// the answer in its `data`. A body's pieces may end anywhere. Source of the format: the HTML standard,
/// "Server-sent events"; of its line ends \n and \r\n are read.
class EventReader final : public BodyReader {
 public:
  EventReader(CallId call, Recorder& recorder) : call_(call), recorder_(recorder) {}

  void begin() override {
    begun_.clear();
    number_ = 0;
    answer_ = 0;
    has_data_ = false;
  }
  void read(std::string_view piece) override {
    for (std::size_t end; (end = piece.find('\n')) != piece.npos; piece.remove_prefix(end + 1)) {
      begun_.append(piece, 0, end);
      take_line(begun_.ends_with('\r') ? std::string_view(begun_).substr(0, begun_.size() - 1) : begun_);
      begun_.clear();
    }
    begun_.append(piece);
  }
  /// What the last event brought; 0 where none came.
  std::uint64_t answer() const override { return answer_; }

 private:
  void take_line(std::string_view line) {
    constexpr std::string_view id = "id: ", data = "data: ";
    if (line.starts_with(id)) {
      std::from_chars(line.data() + id.size(), line.data() + line.size(), number_);
    } else if (line.starts_with(data)) {
      answer_ = answer_of(line.substr(data.size()));
      has_data_ = true;
    } else if (line.empty() && has_data_) {
      recorder_.event(call_, number_, answer_);
      has_data_ = false;
    }
  }

  CallId call_;
  Recorder& recorder_;
  std::string begun_;  // a line whose end has not come
  std::uint32_t number_ = 0;
  std::uint64_t answer_ = 0;
  bool has_data_ = false;
};

}  // namespace fanbench
