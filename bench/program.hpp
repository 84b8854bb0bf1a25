// The bench's program: reads a suite, registers its cases with Google Benchmark, and runs them.
#pragma once

namespace fanbench {

/// Returns the exit status: 0 all rows verified (or not applicable, or beyond a limit), 1 an error row, 2 bad
/// usage.
int run_bench(int argc, char** argv);

}  // namespace fanbench
