// An unknown transport is refused in one line that names those there are.
#include "impls/http/transports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

namespace fanbench {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

// GoogleTest has a Setup of its own, to catch misspellings, hence the full name.
TEST(Transports, AreRefusedWhereTheyAreUnknown) {
  asio::io_context loop;
  for (const char* const name : {"", "Native", "curl ", "quic"}) {
    const fanbench::Setup setup{.transport = name};
    const auto refusal = ThrowsMessage<std::invalid_argument>(
        AllOf(HasSubstr("native, curl"), HasSubstr('"' + std::string(name) + '"'), Not(HasSubstr("\n"))));
    EXPECT_THAT([&] { make_blocking_client(setup); }, refusal);
    EXPECT_THAT([&] { make_async_client(setup, loop.get_executor()); }, refusal);
  }
}

TEST(Transports, HaveTheirOwnClients) {
  asio::io_context loop;
  for (const TransportEntry& transport : transports()) {
    const fanbench::Setup setup{.transport = std::string(transport.name)};
    EXPECT_EQ(&transport_of(setup), &transport);
    EXPECT_NE(make_blocking_client(setup), nullptr);
    EXPECT_NE(make_async_client(setup, loop.get_executor()), nullptr);
  }
}

}  // namespace
}  // namespace fanbench
