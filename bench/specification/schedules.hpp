// Delays and work, simulated: what several ideals share.
#pragma once

#include <vector>

#include "bench/specification/delays.hpp"

namespace fanbench {

/// The makespan of calls that begin in id order, each as soon as fewer than `limit` are open. Source: Graham,
/// "Bounds for Certain Multiprocessing Anomalies" (1966): list scheduling.
Nanoseconds ideal_within_limit(const Case&, const Delays&);
/// What no other order can beat: see least_of_calls.
Nanoseconds least_within_limit(const Case&);
/// The most calls that `limit` lets be open at once.
std::uint32_t limited_calls(const Case&);

/// All delays as planned, on first attempts.
Nanoseconds sum_of_delays(const Case&);

/// What no order of the calls can beat with `at_once` of them open: those are not busy for less than all
/// planned delays together, and no call takes less than its own.
Nanoseconds least_of_calls(const Case&, std::uint32_t at_once);

/// When pieces of `work`, each ready at its time, can all be done on `cpus` that may share them out in
/// slices, but give no piece more than one CPU. Whatever is ready at t or later is done after t, so this is
/// the most of t + work of those / cpus. Source: Horn, "Some Simple Scheduling Algorithms" (1974).
Nanoseconds end_of_work(std::vector<Nanoseconds> ready, Nanoseconds work, std::uint32_t cpus);

/// Work as short as an error of the kernel's calibration may make it.
constexpr Nanoseconds calibrated_at_least(Nanoseconds work) { return work * 3 / 4; }

}  // namespace fanbench
