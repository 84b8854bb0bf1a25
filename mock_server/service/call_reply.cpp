// Makes the bytes of replies to calls, and says how they go on.
#include "mock_server/service/call_reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace fanbench::server {
namespace {

constexpr std::string_view not_http = "\x15\x03\x01\x7f\xff this is not HTTP\r\n\r\n";

void append_call_head(std::string& out, ReplyForm form, const LocalRun& run, const PlannedReply& planned) {
  if (planned.status == 200 && form.keep_alive && form.http11) {
    out += run.ok_head;
    return;
  }
  append_head(out, form, planned.status, run.run->plan.body_bytes, text_type,
              planned.retry_after > planned.retry_after.zero() ? retry_fields(planned.retry_after) : "");
}

/// The body's beginning: its answer and, where the chain goes on, '+'. The rest is '.'.
void append_answer(std::string& out, const PlannedReply& planned) {
  fmt::format_to(std::back_inserter(out), "{:016x}{}", planned.answer, planned.goes_on ? "+" : "");
}

CallReply append_stream(std::string& out, ReplyForm& form, const StreamPlan& plan,
                        const PlannedReply& planned) {
  if (!form.http11) form.keep_alive = false;  // its end is the body's
  append_head(out, form, 200, std::nullopt, plan.sse ? event_type : text_type, {});
  Stream stream{.form = plan.sse ? Stream::Form::events : Stream::Form::lines,
                .chunked = form.http11,
                .pieces = plan.events,
                .interval = plan.interval,
                .split = plan.split};
  append_answer(stream.text, planned);
  return {.stream = std::move(stream)};
}

}  // namespace

CallReply append_call_reply(std::string& out, ReplyForm& form, OpenCall& call) {
  const PlannedReply& planned = call.planned;
  const Plan& plan = call.run->run->plan;
  if (planned.fault == Fault::garbage) {
    out += not_http;
    form.keep_alive = false;
    call.ending = Ending::garbage;
    return {.lingers = true};
  }
  if (plan.stream.events > 0 && planned.status == 200 && is_whole(planned) && planned.fault != Fault::drip) {
    return append_stream(out, form, plan.stream, planned);
  }
  append_call_head(out, form, *call.run, planned);
  if (form.head_only) return {};
  const std::size_t head_bytes = out.size();
  append_answer(out, planned);
  const std::size_t begun = out.size() - head_bytes;
  if (planned.fault == Fault::drip) {
    Stream stream = drip(plan.body_bytes, planned.over, std::string_view(out).substr(head_bytes));
    out.resize(head_bytes);
    return {.stream = std::move(stream)};
  }
  if (planned.fault == Fault::cut || planned.fault == Fault::reset_body) {
    call.ending = planned.fault == Fault::cut ? Ending::cut : Ending::reset;
    form.keep_alive = false;
    const std::size_t half = plan.body_bytes / 2, sent = std::min(begun, half);
    out.resize(head_bytes + sent);
    return {.padding_bytes = half - sent, .lingers = planned.fault == Fault::cut};
  }
  return {.padding_bytes = plan.body_bytes - begun};
}

std::string ok_head(const Plan& plan) {
  std::string head;
  append_head(head, {}, 200, plan.body_bytes, text_type, {});
  return head;
}

}  // namespace fanbench::server
