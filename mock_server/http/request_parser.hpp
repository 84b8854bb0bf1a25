// Beast's incremental HTTP parser, keeping of a request only what this server needs.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "mock_server/http/request.hpp"

namespace fanbench::server {

/// One request. Fields are looked at and let go: nothing is allocated for an ordinary GET.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  static constexpr std::size_t max_header_bytes = 8 * 1024;

  /// `keep_line`: the request's method and target are wanted, whatever the route.
  RequestParser(std::size_t body_bytes, bool keep_line) : keep_line_(keep_line) {
    header_limit(max_header_bytes);
    body_limit(body_bytes);
    eager(true);
  }

  /// The request line has come whole, in what is not read yet, and names no version: Beast waits for one.
  bool lacks_version(std::string_view unread) const {
    const auto end = unread.find('\n');
    if (has_line_ || end == std::string_view::npos) return false;
    const auto line = unread.substr(0, end);
    return !line.substr(line.rfind(' ') + 1).starts_with("HTTP/");
  }

  Request request;
  bool http11 = true;
  bool head_only = false;         // answer without a body
  bool expects_continue = false;  // the client waits for a 100 before it sends the body
  bool wrong_host = false;        // why it was refused

 private:
  using Error = boost::beast::error_code;
  using View = boost::beast::string_view;

  static std::string_view view(View text) { return {text.data(), text.size()}; }

  void on_request_impl(boost::beast::http::verb verb, View method, View target, int version,
                       Error&) override {
    has_line_ = true;
    http11 = version >= 11;
    head_only = verb == boost::beast::http::verb::head;
    request.route = find_route(view(method), view(target));
    if (keep_line_ || request.route.wants_fields()) {
      request.method = view(method);
      request.target = view(target);
    }
  }
  void on_field_impl(boost::beast::http::field field, View name, View value, Error& error) override {
    if (field == boost::beast::http::field::expect) {
      expects_continue = boost::beast::iequals(value, "100-continue");
    }
    if (field == boost::beast::http::field::host) ++hosts_;
    if (request.route.wants_fields()) request.fields.emplace_back(view(name), view(value));
    // Beast bounds what it holds of an unfinished header, but forgets the fields that came whole.
    header_bytes_ += name.size() + value.size() + 4;
    if (header_bytes_ > max_header_bytes) error = boost::beast::http::error::header_limit;
  }
  /// Source: RFC 9112, 3.2: one Host field in HTTP/1.1, and never two.
  void on_header_impl(Error& error) override {
    wrong_host = hosts_ > 1 || (http11 && hosts_ == 0);
    if (wrong_host) error = boost::beast::http::error::bad_field;
  }
  std::size_t on_body_impl(View text, Error&) override {
    request.body.append(text.data(), text.size());
    return text.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View text, Error& error) override {
    return on_body_impl(text, error);
  }

  void on_response_impl(int, View, int, Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  void on_finish_impl(Error&) override {}

  std::size_t header_bytes_ = 0;
  int hosts_ = 0;
  bool has_line_ = false;
  bool keep_line_;
};

}  // namespace fanbench::server
