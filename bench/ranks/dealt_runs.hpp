// Has the runs of a case made by ranks together, and makes one of them. For rank 0.
#pragma once

#include <chrono>
#include <vector>

#include "bench/measure/run.hpp"
#include "bench/ranks/deal.hpp"
#include "bench/ranks/party.hpp"
#include "bench/ranks/run_of_rank.hpp"

namespace fanbench::ranks {

class DealtRuns final : public Runs {
 public:
  /// How far ahead a start is agreed: it has reached every rank by then, and each has taken its readings.
  /// After a miss it is twice as far.
  static constexpr Nanoseconds ahead = std::chrono::milliseconds(100), most_ahead = std::chrono::seconds(5);
  /// A run that a rank was not ready for counts for nothing and is made again, so many times at most.
  static constexpr std::uint32_t most_starts = 10;

  /// Resolves a part's case, and makes it; the case outlives what is made.
  using Maker = std::function<std::unique_ptr<RunMaker>(Case&)>;

  /// `maker`: of rank 0's own part. `party` has to outlive it, and every other rank to serve it: see
  /// member.hpp.
  /// `own_cores`: whether ranks of a host have CPUs of their own, see cores_of_rank.
  DealtRuns(const Case& whole, Party& party, Maker maker, bool own_cores = false);
  /// Ends the case for the others.
  ~DealtRuns() override;

  void check() override;
  void make_model() override;
  std::uint64_t pss_bytes() override;
  using Runs::run;
  Run run(std::uint32_t k, Watch watch) override;

 private:
  using Clock = Recorder::Clock;

  /// Where another rank is with an order. ready: it waits to be told when a run begins, or that there is
  /// none.
  /// ended: it has made its part, and waits to be told that all have.
  enum class Stage : std::uint8_t { begun, ready, told, ended, called_off, answered };
  struct Other {
    Stage stage = Stage::begun;
    std::string answer{};
  };

  Nanoseconds busiest_server_cpu() const;
  void order(const std::string& message);
  void hear(std::uint32_t rank);
  std::vector<std::string> answers(std::exception_ptr own);
  bool try_run(std::uint32_t k, Watch watch);
  Clock::time_point agree();
  void let_all_go_on();
  void call_off();

  const Case& whole_;
  Party& party_;
  Maker maker_;
  bool own_cores_;
  Case part_;
  std::unique_ptr<RunMaker> own_;
  bool told_ = false;          // the others know of the case
  std::vector<Other> others_;  // by rank
  std::vector<ClockOffset> clocks_;
  Nanoseconds ahead_ = ahead;
  bool gone_on_ = false;  // all have been told that all have ended
  Clock::time_point agreed_;
  std::vector<RunOfRank> parts_;  // of the last run
  RunOfRank merged_;
};

}  // namespace fanbench::ranks
