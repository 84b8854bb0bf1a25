// Google Benchmark's rows as they are handed on: under their case's name, with their case and status as data.
#pragma once

#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "bench/measure/quantiles.hpp"
#include "bench/measure/status.hpp"
#include "bench/suite/suite.hpp"

namespace fanbench {

/// A case that is measured, and what has become of it.
struct Measured {
  const Case* c = nullptr;
  Status status = Status::verified;
  std::optional<Tail> latency_tail{};  // where its calls are too few for a 99th percentile
};
using MeasuredCases = std::map<std::string, Measured, std::less<>>;  // by the case's name

/// Rows as JSON, all at once at the end: what is cut off on the way is no document. `cases` has to outlive
/// it. Finalize throws std::runtime_error where the file cannot be written.
std::unique_ptr<benchmark::BenchmarkReporter> json_reporter(const MeasuredCases& cases);
/// Shows nothing.
std::unique_ptr<benchmark::BenchmarkReporter> silence();
/// What --benchmark_format asks for.
std::unique_ptr<benchmark::BenchmarkReporter> display_reporter(const MeasuredCases& cases);

}  // namespace fanbench
