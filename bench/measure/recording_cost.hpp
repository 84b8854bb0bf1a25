// What it costs to record a call.
#pragma once

#include <cstddef>

namespace fanbench {

/// CPU in µs that a Recorder of so many calls takes for one of them, from its start to its end: measured over
/// many runs, of which the middle one is taken. `counts_tasks`: its task is counted, too.
double recording_us_per_call(std::size_t calls, bool counts_tasks);

}  // namespace fanbench
