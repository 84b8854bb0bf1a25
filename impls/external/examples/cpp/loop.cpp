#include "loop.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <memory>

namespace {

std::size_t append(char* data, std::size_t, std::size_t bytes, void* body) {
  static_cast<std::string*>(body)->append(data, bytes);
  return bytes;
}

double header(CURL* handle, const char* name) {
  curl_header* found = nullptr;
  if (curl_easy_header(handle, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK) return 0;
  return std::strtod(found->value, nullptr);
}

Nanoseconds retry_after(CURL* handle) {
  double ms = header(handle, "Retry-After-Ms");
  if (ms == 0) ms = header(handle, "Retry-After") * 1000;
  return Nanoseconds(std::llround(ms * 1e6));
}

Reply reply_of(CURL* handle, CURLcode result, const std::string& body) {
  Reply reply;
  if (result != CURLE_OK) {
    reply.verdict = result == CURLE_OPERATION_TIMEDOUT ? "timed_out" : "transport_error";
    return reply;
  }
  curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply.status);
  const bool ok = reply.status >= 200 && reply.status <= 299;
  reply.verdict = ok ? "ok" : "http_error";
  if (!ok) reply.retry_after = retry_after(handle);
  if (body.size() >= 16) std::from_chars(body.data(), body.data() + 16, reply.answer, 16);
  return reply;
}

}  // namespace

Loop::Loop(std::string server, bool keeps_connections)
    : server_(std::move(server)), keeps_connections_(keeps_connections), multi_(curl_multi_init()) {
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 1'000'000L);
}

Loop::~Loop() {
  cancel_all();
  for (CURL* handle : spare_) curl_easy_cleanup(handle);
  curl_multi_cleanup(multi_);
}

CURL* Loop::handle() {
  if (spare_.empty()) return curl_easy_init();
  CURL* handle = spare_.back();
  spare_.pop_back();
  curl_easy_reset(handle);
  return handle;
}

void Loop::get(const std::string& path, Done done, Nanoseconds timeout) {
  Call* call = new Call{.handle = handle(), .body = {}, .done = std::move(done)};
  calls_.emplace(call->handle, call);
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  curl_easy_setopt(call->handle, CURLOPT_URL, (server_ + path).c_str());
  curl_easy_setopt(call->handle, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(call->handle, CURLOPT_WRITEDATA, &call->body);
  curl_easy_setopt(call->handle, CURLOPT_TIMEOUT_MS, static_cast<long>(ms));
  curl_easy_setopt(call->handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(call->handle, CURLOPT_FRESH_CONNECT, keeps_connections_ ? 0L : 1L);
  curl_easy_setopt(call->handle, CURLOPT_FORBID_REUSE, keeps_connections_ ? 0L : 1L);
  curl_multi_add_handle(multi_, call->handle);
}

void Loop::end(Call* call, Reply reply) {
  const std::unique_ptr<Call> owned(call);
  curl_multi_remove_handle(multi_, call->handle);  // what is under way has its connection closed
  calls_.erase(call->handle);
  spare_.push_back(call->handle);
  call->done(reply);
}

void Loop::cancel_all() {
  while (!calls_.empty()) end(calls_.begin()->second, Reply{});
}

void Loop::end_finished_calls() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    Call* call = calls_.at(message->easy_handle);
    end(call, reply_of(call->handle, message->data.result, call->body));
  }
}

void Loop::at(Clock::time_point time, std::function<void()> then, bool is_work) {
  timers_.emplace(time, Timer{std::move(then), is_work});
  work_waits_ += is_work;
}

void Loop::fire_timers() {
  while (!timers_.empty() && timers_.begin()->first <= Clock::now()) {
    const Timer due = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    work_waits_ -= due.is_work;
    due.then();
  }
}

int Loop::ms_until_next_timer() const {
  if (timers_.empty()) return 1000;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Clock::now());
  return static_cast<int>(std::max(left.count(), std::chrono::milliseconds::rep{0}));
}

void Loop::run() {
  const auto is_over = [&] { return calls_.empty() && work_waits_ == 0; };
  while (!is_over()) {
    int under_way = 0;
    curl_multi_perform(multi_, &under_way);
    end_finished_calls();
    fire_timers();
    if (!is_over()) curl_multi_poll(multi_, nullptr, 0, ms_until_next_timer(), nullptr);
  }
  timers_.clear();
}
