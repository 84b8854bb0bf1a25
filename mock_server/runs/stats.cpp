// Writes metrics as Prometheus reads them.
#include "mock_server/runs/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

namespace fanbench::server {

void Stats::count_lateness(Nanoseconds late) {
  const std::int64_t us = std::max<std::int64_t>(late.count() / 1000, 0);
  const auto* bound = std::lower_bound(lateness_bounds_us.begin(), lateness_bounds_us.end(), us);
  lateness[static_cast<std::size_t>(bound - lateness_bounds_us.begin())].add();
  lateness_sum_us.add(static_cast<std::uint64_t>(us));
}

std::string metrics_text(std::span<const std::unique_ptr<Stats>> threads, const Gauges& gauges) {
  std::string out;
  const auto to = std::back_inserter(out);
  const auto sum = [&](auto count_of) {
    std::uint64_t total = 0;
    for (const auto& thread : threads) total += count_of(*thread).value();
    return total;
  };
  const auto head = [&](std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(to, "# HELP fanbench_{0} {2}\n# TYPE fanbench_{0} {1}\n", name, type, help);
  };
  const auto single = [&](std::string_view name, std::string_view type, std::string_view help,
                          std::uint64_t value) {
    head(name, type, help);
    fmt::format_to(to, "fanbench_{} {}\n", name, value);
  };

  single("connections", "gauge", "Connections that are open.", gauges.connections);
  single("runs", "gauge", "Runs that are kept.", gauges.runs);
  single("connections_accepted_total", "counter", "Connections accepted.",
         sum([](const Stats& s) -> auto& { return s.connections_accepted; }));
  single("connections_refused_total", "counter", "Connections over the limit, answered with 503 or closed.",
         sum([](const Stats& s) -> auto& { return s.connections_refused; }));
  single("timeouts_total", "counter", "Connections cut off: idle, or too slow to send or to read.",
         sum([](const Stats& s) -> auto& { return s.timeouts; }));
  single("sent_bytes_total", "counter", "Bytes of replies.",
         sum([](const Stats& s) -> auto& { return s.bytes_sent; }));
  single("websocket_received_total", "counter", "WebSocket messages that came in.",
         sum([](const Stats& s) -> auto& { return s.messages_in; }));
  single("websocket_sent_total", "counter", "WebSocket messages that went out, one per member that got it.",
         sum([](const Stats& s) -> auto& { return s.messages_out; }));

  head("replies_total", "counter", "Replies written in full, by the status's class.");
  for (std::size_t digit = 1; digit < 6; ++digit) {
    fmt::format_to(to, "fanbench_replies_total{{class=\"{}xx\"}} {}\n", digit,
                   sum([&](const Stats& s) -> auto& { return s.replies[digit]; }));
  }
  head("calls_total", "counter", "Calls of runs that have ended, by how.");
  for (std::size_t ending = 1; ending < 7; ++ending) {
    fmt::format_to(to, "fanbench_calls_total{{ending=\"{}\"}} {}\n", name(static_cast<Ending>(ending)),
                   sum([&](const Stats& s) -> auto& { return s.endings[ending]; }));
  }
  head("lateness_seconds", "histogram", "How much later than planned replies to calls went out.");
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < Stats::lateness_bounds_us.size(); ++i) {
    below += sum([&](const Stats& s) -> auto& { return s.lateness[i]; });
    fmt::format_to(to, "fanbench_lateness_seconds_bucket{{le=\"{}\"}} {}\n",
                   static_cast<double>(Stats::lateness_bounds_us[i]) / 1e6, below);
  }
  below += sum([](const Stats& s) -> auto& { return s.lateness.back(); });
  fmt::format_to(to,
                 "fanbench_lateness_seconds_bucket{{le=\"+Inf\"}} {0}\nfanbench_lateness_seconds_count {0}\n",
                 below);
  fmt::format_to(to, "fanbench_lateness_seconds_sum {}\n",
                 static_cast<double>(sum([](const Stats& s) -> auto& { return s.lateness_sum_us; })) / 1e6);
  return out;
}

}  // namespace fanbench::server
