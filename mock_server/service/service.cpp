// Answers requests.
#include "mock_server/service/service.hpp"

#include <fmt/format.h>

#include "mock_server/plan/draws.hpp"
#include "mock_server/plan/refusal.hpp"
#include "mock_server/service/call_reply.hpp"
#include "mock_server/service/endpoints.hpp"

namespace fanbench::server {

Answer Service::answer(const Request& request) {
  try {
    return answer_or_throw(request);
  } catch (const PlanError& error) {
    return {.status = 400, .body = std::string(error.what()) + '\n', .type = utf8_type};
  }
}

Answer Service::answer_or_throw(const Request& request) {
  const Route& route = request.route;
  switch (route.to) {
    case Route::To::create_run:
      return create_run(request.body);
    case Route::To::show_run:
      if (const auto run = shared_.runs.find(route.run)) {
        return {.body = ledger_json(*run, route.with_calls, shared_.arrival_clock) += '\n',
                .type = json_type};
      }
      return no_such_run();
    case Route::To::delete_run:
      if (!shared_.runs.erase(route.run)) return no_such_run();
      forget_deleted();
      return {.status = 204};
    case Route::To::anything:
      return answer_anything(request);
    case Route::To::bytes:
      return answer_bytes(route);
    case Route::To::delay:
      return draw_delay(route.text);
    case Route::To::drip:
      return answer_drip(route);
    case Route::To::health:
      return {.body = fmt::format(R"({{"status":"ok","connections":{},"runs":{}}})",
                                  shared_.open_connections.load(), shared_.runs.size()) +
                      '\n',
              .type = json_type};
    case Route::To::index:
      return answer_index();
    case Route::To::metrics:
      return {.body = metrics_text(shared_.stats,
                                   {.connections = shared_.open_connections, .runs = shared_.runs.size()}),
              .type = "text/plain; version=0.0.4"};
    case Route::To::pages:
      return answer_pages(route);
    case Route::To::status:
      return answer_status(route);
    case Route::To::stream:
      return answer_stream(route);
    case Route::To::refused:
    case Route::To::call:
    case Route::To::websocket:
      break;
  }
  return {.status = route.status,
          .body = route.text + '\n',
          .type = utf8_type,
          .more_fields = route.allow.empty() ? "" : fmt::format("Allow: {}\r\n", route.allow)};
}

Answer Service::create_run(const std::string& body) {
  shared_.arrival_clock.check();  // a step from before is none of the run's
  const auto run =
      shared_.runs.create(parse_plan(body), shared_.next_connection, shared_.arrival_clock.steps());
  return {.status = 201,
          .body = fmt::format(R"({{"run":{}}})", run->number) + '\n',
          .type = json_type,
          .more_fields = fmt::format("Location: /runs/{}\r\n", run->number)};
}

std::shared_ptr<LocalRun> Service::find_run(std::uint64_t number) {
  if (const auto found = joined_.find(number); found != joined_.end()) {
    if (!found->second->run->forgotten.load(std::memory_order_relaxed)) return found->second;
    joined_.erase(found);
    return nullptr;
  }
  auto run = shared_.runs.find(number);
  if (!run) return nullptr;
  auto joined = join(std::move(run));
  joined->ok_head = ok_head(joined->run->plan);
  return joined_.emplace(number, std::move(joined)).first->second;
}

void Service::forget_deleted() {
  std::erase_if(joined_, [](const auto& joined) { return joined.second->run->forgotten.load(); });
}

Answer Service::no_such_run() {
  return {.status = 404, .body = "no such run: expected the number that POST /runs gave\n"};
}

Answer Service::wrong_cursor() {
  return {.status = 400,
          .body = "expected as cursor the answer to the call before in the chain, and none for its first\n"};
}

Answer Service::draw_delay(std::string_view delay) {
  Plan plan;
  plan.delay = parse_delay(delay);
  return {.delay = planned_reply(plan, shared_.delays_drawn++, 0).delay};
}

}  // namespace fanbench::server
