// Who decides when a turn begins is at the other end of the pipe.
#include "bench/turns.hpp"

#include <fmt/core.h>

#include <istream>
#include <nlohmann/json.hpp>
#include <ostream>
#include <stdexcept>
#include <string>

namespace fanbench {

void take_turns(Measurement& measurement, std::istream& in, std::ostream& out) {
  const auto say = [&out](const nlohmann::ordered_json& line) { out << line.dump() << std::endl; };
  const std::uint32_t iterations = measurement.iterations_of_a_turn();
  const auto turn_s = std::chrono::duration<double>(measurement.makespan() * iterations).count();
  say({{"ready", {{"turn_s", turn_s}, {"iterations", iterations}}}});
  for (std::string line; std::getline(in, line);) {
    if (line != "turn") throw std::runtime_error(fmt::format("expected the line \"turn\", got \"{}\"", line));
    say({{"turn", measurement.take_turn(iterations)}});
  }
  if (measurement.makespans_s().empty())
    throw std::runtime_error("expected the line \"turn\" at least once, and the input has ended");
}

}  // namespace fanbench
