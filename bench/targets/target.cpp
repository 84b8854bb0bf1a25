// Speaks with a server about runs, over libcurl.
#include "bench/targets/target.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "impls/http/authority.hpp"

namespace fanbench {

struct Target::Connection {
  CURL* easy = curl_easy_init();
  ~Connection() { curl_easy_cleanup(easy); }
};

Target::Target() : connection_(std::make_unique<Connection>()) {}
Target::~Target() = default;

void Target::listens_at(std::vector<Address> addresses) {
  addresses_ = std::move(addresses);
  clock_ = {.shared = is_of_this_machine(host())};
}

std::uint64_t Target::create_run(const Plan& plan) {
  return nlohmann::json::parse(exchange("POST", "/runs", format_plan(plan), 201)).at("run");
}

Ledger Target::ledger(std::uint64_t run) {
  return parse_ledger(exchange("GET", fmt::format("/runs/{}", run), {}, 200));
}

Ledger Target::settled_ledger(std::uint64_t run) {
  using Clock = std::chrono::steady_clock;
  const auto deadline = Clock::now() + std::chrono::seconds(2);
  for (;;) {
    Ledger now = ledger(run);
    if (now.settled() || Clock::now() > deadline) return now;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void Target::forget(std::uint64_t run) { exchange("DELETE", fmt::format("/runs/{}", run), {}, 204); }

Target::Answer Target::ask(const char* method, const std::string& target, const std::string& body) {
  Answer answer;
  CURL* easy = connection_->easy;
  curl_easy_reset(easy);  // keeps the connection
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_URL, ("http://" + authority_of(host(), port()) + target).c_str());
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 10L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, 60L);
  if (!body.empty()) curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(
      easy, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, void* into) {
        static_cast<std::string*>(into)->append(data, size);
        return size;
      });
  const CURLcode result = curl_easy_perform(easy);
  double connect_s = 0;
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME, &connect_s);
  answer.connected = result == CURLE_OK || connect_s > 0;
  if (result == CURLE_OK) {
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer.status);
  } else {
    answer.body = curl_easy_strerror(result);
  }
  return answer;
}

std::string Target::exchange(const char* method, const std::string& target, const std::string& body,
                             long expected_status) {
  Answer answer = ask(method, target, body);
  if (answer.status == expected_status) return std::move(answer.body);
  if (answer.status == 0) {
    const std::string cause = cause_of_silence();
    if (!cause.empty()) throw std::runtime_error(cause);
    throw std::runtime_error(
        fmt::format("the mock server does not answer {} {}: {}", method, target, answer.body));
  }
  throw std::runtime_error(fmt::format("the mock server answers {} {} with {} instead of {}: {}", method,
                                       target, answer.status, expected_status, answer.body));
}

}  // namespace fanbench
