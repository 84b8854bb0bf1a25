// What the two curl clients have in common: an easy handle set up for our calls, and the reply read with it.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>

#include "impls/contract/model.hpp"
#include "impls/http/request.hpp"

namespace fanbench::curl {

/// Why there are none.
inline constexpr const char* no_websockets =
    "Debian's libcurl (7.88) is built without its WebSocket interface";

/// Whether libcurl could be: once in a process, before anything else of it is used.
bool initialised();

/// An easy handle and what it has received of the reply under way. Stays at its address: libcurl keeps
/// pointers to it.
class Handle {
 public:
  explicit Handle(const Setup& setup);
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  CURL* easy() const noexcept { return easy_.get(); }
  /// Names the next call and forgets the reply of the last. One without a run gets a new connection.
  void prepare(const Request& request);
  /// The reply, after a transfer that ended with `result`.
  Reply reply(CURLcode result) const;

 private:
  static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self);
  static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self);

  struct Cleanup {
    void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
  };
  std::unique_ptr<CURL, Cleanup> easy_;
  std::string base_;
  bool reuse_;
  bool head_whole_ = false;
  BodyBeginning body_;
  BodyReader* reader_ = nullptr;
  RetryAfter retry_after_;
};

/// Sets a libcurl option, or throws: a refused option is a broken set-up.
template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  if (const CURLcode result = curl_easy_setopt(easy, option, value); result != CURLE_OK) {
    throw std::runtime_error(
        fmt::format("libcurl refuses option {}: {}", static_cast<int>(option), curl_easy_strerror(result)));
  }
}

}  // namespace fanbench::curl
