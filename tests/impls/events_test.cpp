// How the events of a stream are read, however it is cut into pieces.
#include "impls/http/events.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

namespace fanbench {
namespace {

struct Taken {
  std::vector<std::pair<std::uint32_t, std::uint64_t>> events{};  // number, what it brought
  std::uint64_t answer = 0;
};

/// What comes of these pieces, as the stream of call 3.
Taken taken(const std::vector<std::string>& pieces) {
  std::array<CallRecord, 1> records;
  Recorder recorder(records);
  EventReader reader(3, recorder);
  for (const std::string& piece : pieces) reader.read(piece);
  Taken result{.answer = reader.answer()};
  for (const EventRecord& event : recorder.events()) {
    EXPECT_EQ(event.id, 3);
    result.events.emplace_back(event.number, event.value);
  }
  return result;
}

const std::string two = "id: 0\ndata: 00000000000000a7\n\nid: 1\r\ndata: 00000000000000a8\r\n\r\n";

TEST(Events, AreReadHoweverTheStreamIsCut) {
  const Taken whole = taken({two});
  EXPECT_EQ(whole.events, (std::vector<std::pair<std::uint32_t, std::uint64_t>>{{0, 0xa7}, {1, 0xa8}}));
  EXPECT_EQ(whole.answer, 0xa8);
  for (std::size_t cut = 0; cut <= two.size(); ++cut)
    EXPECT_EQ(taken({two.substr(0, cut), two.substr(cut)}).events, whole.events) << cut;
  std::vector<std::string> bytes;
  for (const char byte : two) bytes.emplace_back(1, byte);
  EXPECT_EQ(taken(bytes).events, whole.events);
}
TEST(Events, EndWithAnEmptyLine) {
  EXPECT_TRUE(taken({"id: 0\ndata: 00000000000000a7\n"}).events.empty());
  EXPECT_TRUE(taken({"\n\nid: 0\n\n"}).events.empty());  // without data there is none
}
TEST(Events, AreOfTheBodyThatBeganLast) {
  std::array<CallRecord, 1> records;
  Recorder recorder(records);
  EventReader reader(3, recorder);
  reader.begin();
  reader.read("00000000000000a7.....");  // a refusal
  reader.begin();
  EXPECT_EQ(reader.answer(), 0);
  reader.read("id: 4\ndata: 00000000000000a8\n\nid: 5\ndata: 0");  // a stream that breaks off
  reader.begin();
  reader.read("\nid: 6\ndata: 00000000000000a9\n\n");
  ASSERT_EQ(recorder.events().size(), 2);
  EXPECT_EQ(recorder.events()[0].number, 4);
  EXPECT_EQ(recorder.events()[1].number, 6);
}
TEST(Events, AreToldApartFromWhatElseAStreamMayHave) {
  EXPECT_EQ(taken({": keep-alive\n\nevent: x\nretry: 5\nid: 4\ndata: 00000000000000a7\n\n"}).events,
            (std::vector<std::pair<std::uint32_t, std::uint64_t>>{{4, 0xa7}}));
}

}  // namespace
}  // namespace fanbench
