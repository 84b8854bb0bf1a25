// Reads the server's ledger.
#include "bench/targets/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace fanbench {
namespace {

Ending ending_of(const std::string& name) {
  if (name == "completed") return Ending::completed;
  if (name == "refused") return Ending::refused;
  if (name == "reset" || name == "cut" || name == "garbage") return Ending::broken;
  if (name == "abandoned") return Ending::abandoned;
  if (name == "open") return Ending::open;
  throw std::runtime_error(
      fmt::format("the ledger says that a call ended in \"{}\": server and bench do not match", name));
}

LedgerMessages messages_of(const nlohmann::json& json) {
  if (!json.contains("messages_in")) return {};  // nothing was said
  const std::int64_t in = json.at("message_in_ns"), out = json.at("message_out_ns");
  return {.in = json.at("messages_in"),
          .due = json.at("messages_due"),
          .out = json.at("messages_out"),
          .fan_out = Nanoseconds(std::max<std::int64_t>(0, out - in))};
}

}  // namespace

Ledger parse_ledger(std::string_view text) try {
  const auto json = nlohmann::json::parse(text);
  Ledger ledger{.arrivals = json.at("arrivals"),
                .completed = json.at("completed"),
                .broken = json.at("reset").get<std::uint64_t>() + json.at("cut").get<std::uint64_t>() +
                          json.at("garbage").get<std::uint64_t>(),
                .abandoned = json.at("abandoned"),
                .open = json.at("open"),
                .duplicates = json.at("duplicates"),
                .in_flight_peak = json.at("in_flight_peak"),
                .connections_new = json.at("connections_new"),
                .arrival_error = Nanoseconds(json.at("arrival_error_ns").get<std::int64_t>()),
                .clock_stepped = json.at("clock_stepped"),
                .messages = messages_of(json),
                .calls = {}};
  if (const auto peak = json.find("queue_peak"); peak != json.end())
    ledger.queue_peak = peak->get<std::uint64_t>();
  if (const auto sent = json.find("events_sent"); sent != json.end())
    ledger.events_sent = sent->get<std::uint64_t>();
  ledger.calls.reserve(ledger.arrivals);
  for (const auto& call : json.at("calls")) {
    ledger.calls.push_back({.id = call.at(0),
                            .attempt = call.at(1),
                            .arrived = Nanoseconds(call.at(2).get<std::int64_t>()),
                            .due = Nanoseconds(call.at(3).get<std::int64_t>()),
                            .ended = Nanoseconds(call.at(4).get<std::int64_t>()),
                            .ending = ending_of(call.at(5)),
                            .waited = Nanoseconds(ledger.queue_peak ? call.at(6).get<std::int64_t>() : 0)});
  }
  return ledger;
} catch (const nlohmann::json::exception& error) {
  throw std::runtime_error(fmt::format("the server's ledger cannot be read: {}", error.what()));
}

}  // namespace fanbench
