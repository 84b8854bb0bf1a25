// Beast's incremental HTTP parser, keeping of a request only what this server needs.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/optional.hpp>
#include <cstddef>
#include <cstdint>
#include <string>

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

  Request request;
  bool http11 = true;
  bool head_only = false;         // answer without a body
  bool expects_continue = false;  // the client waits for a 100 before it sends the body

 private:
  using Error = boost::beast::error_code;
  using View = boost::beast::string_view;

  static std::string_view view(View text) { return {text.data(), text.size()}; }

  void on_request_impl(boost::beast::http::verb verb, View method, View target, int version,
                       Error&) override {
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
    if (request.route.wants_fields()) request.fields.emplace_back(view(name), view(value));
    // Beast bounds what it holds of an unfinished header, but forgets the fields that came whole.
    header_bytes_ += name.size() + value.size() + 4;
    if (header_bytes_ > max_header_bytes) error = boost::beast::http::error::header_limit;
  }
  std::size_t on_body_impl(View text, Error&) override {
    request.body.append(text.data(), text.size());
    return text.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, View text, Error& error) override {
    return on_body_impl(text, error);
  }

  void on_response_impl(int, View, int, Error&) override {}
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  void on_chunk_header_impl(std::uint64_t, View, Error&) override {}
  void on_finish_impl(Error&) override {}

  std::size_t header_bytes_ = 0;
  bool keep_line_;
};

}  // namespace fanbench::server
