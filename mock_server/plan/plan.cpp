// Draws from plans the same replies on every machine.
#include "mock_server/plan/plan.hpp"

#include <algorithm>

namespace fanbench {
namespace {

// The streams of a call's draws. Rule n of the failures has the three from first_of_rules + 3n.
constexpr std::uint64_t answer_stream = 0, delay_stream = 1, first_of_rules = 2, streams_per_rule = 3;

std::size_t below(std::uint64_t bits, std::size_t n) {
  return static_cast<std::size_t>(to_unit(bits) * static_cast<double>(n));
}

void fail(PlannedReply& reply, std::uint16_t kind, const Failures& rule) {
  if (kind >= static_cast<std::uint16_t>(Fault::none)) {
    reply.status = kind;
    if (kind == 429 || kind == 503) reply.retry_after = rule.retry_after;
    return;
  }
  reply.fault = static_cast<Fault>(kind);
  if (reply.fault == Fault::reset || reply.fault == Fault::hang || reply.fault == Fault::garbage)
    reply.status = 0;
  if (reply.fault == Fault::drip || reply.fault == Fault::slow_accept) reply.over = rule.over;
}

/// True where the call fails by this rule.
bool apply(PlannedReply& reply, const Failures& rule, std::uint64_t seed, CallId id, Attempt attempt,
           std::uint64_t stream) {
  const bool fails = (rule.rate > 0 && to_unit(draw(seed, id, 0, stream)) < rule.rate) ||
                     (!rule.ids.empty() && std::binary_search(rule.ids.begin(), rule.ids.end(), id));
  const Attempt choices = rule.attempts - rule.at_least + 1;
  if (!fails || attempt >= rule.at_least + below(draw(seed, id, 0, stream + 1), choices)) return false;
  fail(reply, rule.kinds[below(draw(seed, id, attempt, stream + 2), rule.kinds.size())], rule);
  return true;
}

}  // namespace

PlannedReply planned_reply(const Plan& plan, CallId in_part, Attempt attempt) {
  const CallId id = plan.first + in_part;
  PlannedReply reply;
  reply.answer = draw(plan.seed, id, attempt, answer_stream);
  reply.goes_on = (std::uint64_t{id} + 1) % plan.chain != 0;
  reply.delay = draw_delay(plan.delay, draw(plan.seed, id, plan.same_delay ? 0 : attempt, delay_stream));
  std::uint64_t stream = first_of_rules;
  if (apply(reply, plan.failures, plan.seed, id, attempt, stream)) return reply;
  for (const Failures& rule : plan.more_failures) {
    if (apply(reply, rule, plan.seed, id, attempt, stream += streams_per_rule)) break;
  }
  return reply;
}

std::uint64_t planned_cursor(const Plan& plan, CallId in_part) {
  const CallId id = plan.first + in_part;
  return id % plan.chain == 0 ? 0 : draw(plan.seed, id - 1, 0, answer_stream);
}

}  // namespace fanbench
