// Sums the runs of a case up to the figures of its row.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/measure/quantiles.hpp"
#include "bench/measure/run.hpp"

namespace fanbench {

/// What is known from runs that were watched and not timed.
struct Watched {
  Usage peak{};
  std::uint64_t idle_pss_bytes = 0;
  std::optional<std::uint64_t> syscalls{}, instructions{};  // of one run,
  std::uint64_t calls = 0;                                  // and of so many calls of it
  std::optional<double> recording_us_per_call{};  // of our own recording, where that was it
};

class Row {
 public:
  explicit Row(const Case& c);

  void add(const Run& run);
  void add(const Watched& watched) { watched_ = watched; }
  /// All figures, of the runs so far, at least one; names and units are in bench/README.md. Throws
  /// WrongResult where one of them is impossible.
  std::map<std::string, double> figures(std::optional<double> other_load_cores) const;

  /// The greatest latencies, in µs from the intended start, where they are too few for latency_p99_us.
  std::optional<Tail> latency_tail() const { return tail(times_.latencies); }
  std::uint32_t runs() const { return static_cast<std::uint32_t>(parts_.size()); }
  std::vector<double> makespans_s() const;  // run by run
  double ideal_s() const;

 private:
  using Figures = std::map<std::string, double>;

  /// Of all runs together, in µs.
  struct Times {
    std::vector<double> latencies, from_start, late_start, server_lateness, server_waits;
    std::vector<double> cancel_latencies, returns, lags;
    std::vector<double> first_events, first_events_from_sending, gaps, event_lateness, deliveries, pages;
  };
  struct Counts {
    std::uint64_t events_unread = 0;
    std::uint64_t further_attempts = 0, cancelled = 0, timed_out = 0, failed = 0, wasted = 0, refused = 0;
    std::uint64_t slow_pages = 0, planned_slow_pages = 0, incomplete_pages = 0;
    std::uint64_t completed = 0, completed_by_ideal = 0;
    std::uint64_t in_flight_peak = 0, connections = 0, queue_peak = 0;  // the most of a run
    std::uint32_t tasks_peak = 0;
    RingUse ring{};
  };

  /// Of all runs that ranks made together: the most, and of ranks the least and the most, run by run.
  struct OfRanks {
    std::size_t number = 0;  // 0: they did not
    Nanoseconds clock_uncertainty{}, start_spread{};
    std::uint32_t starts_missed = 0;
    std::vector<double> least_makespans_s{}, most_makespans_s{}, least_cpu_us{}, most_cpu_us{};
    Nanoseconds busiest_server_cpu{};
  };

  double efficiency() const;
  void add_ranks(const Together& together);
  void tell_ranks(Figures& figures) const;
  void add_calls(const Run& run);
  void add_events(const Run& run);
  void add_deliveries(const Run& run);
  void add_pages(const Run& run);
  void add_costs(const Costs& costs);
  void tell_parts(Figures& figures) const;
  void tell_times(Figures& figures) const;
  void tell_pages(Figures& figures) const;
  void tell_counts(Figures& figures) const;
  void tell_costs(Figures& figures) const;
  void tell_watched(Figures& figures) const;

  /// What figures per call are of: where time bounds them, those that were completed.
  double all_calls() const;

  const Case& case_;
  const Specification& specification_;
  std::vector<Parts> parts_;  // run by run, as those below
  std::vector<double> efficiencies_;
  Times times_;
  Counts counts_;
  Costs costs_;
  OfRanks of_ranks_;
  double kernel_steps_per_ms_ = 0;
  std::optional<Watched> watched_;
};

}  // namespace fanbench
