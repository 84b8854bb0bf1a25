// An easy handle set up for our calls.
#include "impls/http/curl/handle.hpp"

#include <strings.h>

#include <optional>

#include "impls/http/authority.hpp"

namespace fanbench::curl {
namespace {

CURL* new_easy() {
  CURL* easy = initialised() ? curl_easy_init() : nullptr;
  if (!easy) throw std::runtime_error("libcurl cannot be initialised: out of memory or descriptors?");
  return easy;
}

/// The value of the header line, where it is the header of this name (which ends in ':').
std::optional<std::string_view> value_of(std::string_view line, std::string_view name) {
  if (line.size() < name.size() || strncasecmp(line.data(), name.data(), name.size()) != 0)
    return std::nullopt;
  line.remove_prefix(name.size());
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  return line;
}

}  // namespace

bool initialised() {
  // The standard makes the first caller do it and the others wait.
  static const CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);
  return result == CURLE_OK;
}

Handle::Handle(const Setup& setup)
    : easy_(new_easy()),
      base_("http://" + authority_of(setup)),
      reuse_(setup.connection == Connection::reuse) {
  CURL* easy = easy_.get();
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_PROXY, "");  // whatever the environment says
  set(easy, CURLOPT_HTTP_VERSION, long{CURL_HTTP_VERSION_1_1});
  set(easy, CURLOPT_TCP_NODELAY, 1L);
  set(easy, CURLOPT_MAXAGE_CONN,
      24 * 60 * 60L);  // else those that were idle for two minutes are not used again
  set(easy, CURLOPT_HEADERFUNCTION, &Handle::on_header);
  set(easy, CURLOPT_HEADERDATA, this);
  set(easy, CURLOPT_WRITEFUNCTION, &Handle::on_body);
  set(easy, CURLOPT_WRITEDATA, this);
  if (!reuse_) set(easy, CURLOPT_FORBID_REUSE, 1L);
}

void Handle::prepare(const Request& request) {
  head_whole_ = false;
  body_.clear();
  reader_ = request.reader;
  if (reader_) reader_->begin();
  retry_after_ = {};
  set(easy(), CURLOPT_FRESH_CONNECT, long{!reuse_ || request.run == 0});
  set(easy(), CURLOPT_URL, (base_ + target_of(request)).c_str());
}

Reply Handle::reply(CURLcode result) const {
  if (result == CURLE_OPERATION_TIMEDOUT) return {.verdict = Verdict::timed_out};
  // libcurl takes a head that is cut off for a whole reply without a body.
  if (result != CURLE_OK || !head_whole_) return {.verdict = Verdict::transport_error};
  long status = 0;
  curl_easy_getinfo(easy(), CURLINFO_RESPONSE_CODE, &status);
  return reply_of(static_cast<unsigned>(status), retry_after_, body_.text(), reader_);
}

std::size_t Handle::on_header(char* data, std::size_t, std::size_t size, void* self) {
  auto& handle = *static_cast<Handle*>(self);
  const std::string_view line(data, size);
  if (line.starts_with("HTTP/")) handle.head_whole_ = false;  // the last head was that of a 1xx
  if (line == "\r\n") handle.head_whole_ = true;
  if (const auto value = value_of(line, "Retry-After-Ms:")) handle.retry_after_.take_milliseconds(*value);
  if (const auto value = value_of(line, "Retry-After:")) handle.retry_after_.take_seconds(*value);
  return size;
}

std::size_t Handle::on_body(char* data, std::size_t, std::size_t size, void* self) {
  auto& handle = *static_cast<Handle*>(self);
  handle.body_.append({data, size});
  if (handle.reader_) handle.reader_->read({data, size});
  return size;
}

}  // namespace fanbench::curl
