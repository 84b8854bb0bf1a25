// Where numbers come from.
#include "bench/machine/provenance.hpp"

#include <curl/curl.h>
#include <fmt/core.h>
#include <oneapi/tbb/version.h>
#include <sys/utsname.h>

#include <boost/version.hpp>
#include <fstream>

#include "bench/machine/limits.hpp"

namespace fanbench {
namespace {

std::string kernel() {
  utsname names{};
  ::uname(&names);
  return fmt::format("{} {}", names.sysname, names.release);
}

std::string cpu_model() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  }
  return "unknown";
}

std::string descriptors() { return fmt::format("{}", read_allowances().descriptors.count); }

}  // namespace

std::map<std::string, std::string> provenance() {
  return {
      {"fanbench", FANBENCH_VERSION},
      {"compiler", FANBENCH_COMPILER},
      {"flags", FANBENCH_FLAGS},
      {"linker_flags", FANBENCH_LINKER_FLAGS},
      {"build_type", FANBENCH_BUILD_TYPE},
      {"boost",
       fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
      {"libcurl", curl_version_info(CURLVERSION_NOW)->version},
      {"tbb", TBB_runtime_version()},
      {"kernel", kernel()},
      {"cpu", cpu_model()},
      {"descriptor_limit", descriptors()},
  };
}

}  // namespace fanbench
