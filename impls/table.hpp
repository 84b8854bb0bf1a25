// How a model of ours finds the function that does a workload: a table with a row for each.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "impls/contract/model.hpp"

namespace fanbench {

template <class Function>
struct WorkloadRow {
  std::string_view workload;
  Function* function;
};

template <class Table>
bool has(const Table& table, std::string_view workload) {
  return std::ranges::any_of(table, [workload](const auto& row) { return row.workload == workload; });
}

/// Throws NotApplicable where the workload is not written for this model.
template <class Table>
auto find(const Table& table, std::string_view workload) {
  for (const auto& row : table) {
    if (row.workload == workload) return row.function;
  }
  throw NotApplicable(std::string(workload) + " is not written for this model");
}

}  // namespace fanbench
