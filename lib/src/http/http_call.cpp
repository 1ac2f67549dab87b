#include <carillon/http/http_call.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/beast/core/string.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <carillon/http/message.hpp>
#include <carillon/http/url.hpp>
#include <carillon/text/plain_text.hpp>
#include <carillon/time/duration.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>

namespace carillon {

namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 6> methods{"POST", "GET", "PUT", "PATCH", "DELETE", "HEAD"};
constexpr std::array<std::string_view, 9> said_of_runs{
    "job", "run", "scheduled_for", "attempt", "fence", "instance", "after_job", "after_run", "after_outcome"};
constexpr unsigned least_status = 200, most_status = 599;

bool is_one_of(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

[[noreturn]] void refuse_member(std::string_view member, std::string_view why) {
  throw std::invalid_argument(fmt::format("http: {}: {}", member, why));
}

std::string read_text(std::string_view member, const json::value& in) {
  if (!in.is_string()) refuse_member(member, "must be a text");
  return std::string{in.get_string()};
}

std::map<std::string, std::string> read_texts(std::string_view member, const json::value& in) {
  if (!in.is_object()) refuse_member(member, "must be an object of texts");
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : in.get_object()) texts.emplace(name, read_text(member, value));
  return texts;
}

milliseconds read_duration(std::string_view member, const json::value& in) {
  const auto duration = parse_duration(read_text(member, in));
  if (!duration) refuse_member(member, duration.error().message);
  return *duration;
}

status_range read_status(const json::value& in) {
  const auto text = in.is_string()  ? std::string{in.get_string()}
                    : in.is_int64() ? std::to_string(in.get_int64())
                                    : std::string{};
  const auto range = parse_status_range(text);
  if (!range) refuse_member("expect", "a status is 200 to 599, or a class as \"2xx\"");
  return *range;
}

std::vector<status_range> read_expected(const json::value& in) {
  std::vector<status_range> all;
  if (!in.is_array()) {
    all.push_back(read_status(in));
    return all;
  }
  for (const auto& one : in.get_array()) all.push_back(read_status(one));
  return all;
}

void read_member(http_call& call, std::string_view name, const json::value& in) {
  if (name == "url") {
    call.url = read_text(name, in);
  } else if (name == "method") {
    call.method = read_text(name, in);
  } else if (name == "headers") {
    call.headers = read_texts(name, in);
  } else if (name == "header_files") {
    call.header_files = read_texts(name, in);
  } else if (name == "body") {
    call.body = in;
  } else if (name == "expect") {
    call.expect = read_expected(in);
  } else if (name == "connect_timeout") {
    call.connect_timeout = read_duration(name, in);
  } else if (name == "answer_timeout") {
    call.answer_timeout = read_duration(name, in);
  } else if (name == "certificate_authority") {
    call.tls.certificate_authority = read_text(name, in);
  } else if (name == "certificate") {
    call.tls.certificate = read_text(name, in);
  } else if (name == "key") {
    call.tls.key = read_text(name, in);
  } else if (name == "server_name") {
    call.tls.server_name = read_text(name, in);
  } else {
    refuse_member(name,
                  "no such member; there are url, method, headers, header_files, body, expect, "
                  "connect_timeout, answer_timeout, certificate_authority, certificate, key, server_name");
  }
}

std::optional<unsigned> parse_status(std::string_view text) {
  unsigned status = 0;
  const auto [stop, wrong] = std::from_chars(text.data(), text.data() + text.size(), status);
  const bool whole = wrong == std::errc() && stop == text.data() + text.size();
  if (!whole || text.size() != 3 || status < least_status || status > most_status) return std::nullopt;
  return status;
}

json::value status_json(const status_range& range) {
  if (range.first == range.last) return json::value(static_cast<std::int64_t>(range.first));
  return json::value(to_string(range));
}

std::optional<std::string> fault_of_name(const std::string& name, std::string_view value) {
  if (auto fault = http::fault_of_header(name, value)) return "headers: " + *fault;
  const bool is_ours =
      boost::beast::iequals(name, "Idempotency-Key") ||
      (name.size() > 9 && boost::beast::iequals(std::string_view{name}.substr(0, 9), "Carillon-"));
  if (is_ours) return fmt::format("headers: {} is set by carillon itself", name);
  return std::nullopt;
}

std::optional<std::string> fault_of_headers(const http_call& call) {
  for (const auto& [name, value] : call.headers)
    if (auto fault = fault_of_name(name, value)) return fault;
  for (const auto& [name, file] : call.header_files) {
    if (auto fault = fault_of_name(name, {})) return fault;
    if (file.empty() || file.front() != '/' || file.find('\0') != std::string::npos)
      return fmt::format("header_files: {}: '{}' is no absolute path", name, text::shown(file));
    if (call.headers.contains(name)) return fmt::format("{} is both in headers and in header_files", name);
  }
  return std::nullopt;
}

// Whatever a file may say: JSON has no numbers that are none, and readers of JSON no patience with depth.
std::optional<std::string> fault_of_value(const json::value& value, int depth) {
  if (depth == 0) return "body: nested too deeply, at most 16 levels";
  if (value.is_double() && !std::isfinite(value.get_double())) return "body: JSON has no inf or nan";
  std::optional<std::string> fault;
  if (value.is_array())
    for (const auto& one : value.get_array())
      if (!fault) fault = fault_of_value(one, depth - 1);
  if (value.is_object())
    for (const auto& [name, one] : value.get_object())
      if (!fault) fault = fault_of_value(one, depth - 1);
  return fault;
}

std::optional<std::string> fault_of_body(const http_call& call) {
  if (call.body.is_null()) return std::nullopt;
  if (call.method == "GET" || call.method == "HEAD")
    return fmt::format("body: a {} has none: say it in the URL, or use POST", call.method);
  if (call.body.is_string()) return std::nullopt;
  if (!call.body.is_object())
    return "body: an object, whose members go beside what is said of the run, or a text, which is sent as it "
           "stands";
  for (const auto& [name, value] : call.body.get_object()) {
    if (is_one_of(name, said_of_runs))
      return fmt::format("body: {} is set by carillon itself, as are {}", std::string_view{name},
                         fmt::join(said_of_runs, ", "));
  }
  return fault_of_value(call.body, 16);
}

std::optional<std::string> fault_of_time(const char* name, milliseconds time) {
  if (time >= milliseconds{1} && time <= std::chrono::hours{24}) return std::nullopt;
  return fmt::format("{} {}: 1ms to 1d", name, format_duration(time));
}

std::optional<std::string> fault_of_answers(const http_call& call) {
  if (call.expect.empty()) return "expect: names no status; leave it out for 2xx";
  for (const auto& one : call.expect) {
    if (one.first < least_status || one.last > most_status || one.first > one.last)
      return "expect: a status is 200 to 599";
  }
  if (auto fault = fault_of_time("connect_timeout", call.connect_timeout)) return fault;
  return fault_of_time("answer_timeout", call.answer_timeout);
}

}  // namespace

std::optional<status_range> parse_status_range(std::string_view text) {
  if (text.size() == 3 && text.ends_with("xx")) {
    const auto first = static_cast<unsigned>(text.front() - '0') * 100;
    if (text.front() < '2' || text.front() > '5') return std::nullopt;
    return status_range{first, first + 99};
  }
  const auto dash = text.find('-');
  const auto first = parse_status(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_status(text.substr(dash + 1));
  if (!first || !last || *first > *last) return std::nullopt;
  return status_range{*first, *last};
}

std::string to_string(const status_range& range) {
  if (range.first == range.last) return std::to_string(range.first);
  if (range.first % 100 == 0 && range.last == range.first + 99) return fmt::format("{}xx", range.first / 100);
  return fmt::format("{}-{}", range.first, range.last);
}

std::optional<std::string> fault_of(const http_call& call) {
  if (call.url.empty()) return "no url";
  const auto where = http::parse_url(call.url);
  if (!where) return "url: " + where.error().to_string();
  if (!is_one_of(call.method, methods))
    return fmt::format("method '{}': one of {}", text::shown(call.method), fmt::join(methods, ", "));
  if (auto fault = fault_of_headers(call)) return fault;
  if (auto fault = fault_of_body(call)) return fault;
  if (!where->tls && !(call.tls == http::tls_options{}))
    return "certificate_authority, certificate, key and server_name are for https://, and the url is http://";
  return fault_of_answers(call);
}

std::string to_string(const http_call& call) {
  const auto where = http::parse_url(call.url);
  return call.method + " " + (where ? where->to_string() : "a URL that cannot be read");
}

void tag_invoke(json::value_from_tag, json::value& out, const http_call& call) {
  const http_call defaults;
  auto& object = out.emplace_object();
  object["url"] = call.url;
  if (call.method != defaults.method) object["method"] = call.method;
  if (!call.headers.empty()) object["headers"] = json::value_from(call.headers);
  if (!call.header_files.empty()) object["header_files"] = json::value_from(call.header_files);
  if (!call.body.is_null()) object["body"] = call.body;
  if (call.expect != defaults.expect) {
    auto& list = object["expect"].emplace_array();
    for (const auto& one : call.expect) list.push_back(status_json(one));
  }
  if (call.connect_timeout != defaults.connect_timeout)
    object["connect_timeout"] = format_duration(call.connect_timeout);
  if (call.answer_timeout != defaults.answer_timeout)
    object["answer_timeout"] = format_duration(call.answer_timeout);
  const auto add = [&](const char* name, const std::string& text) {
    if (!text.empty()) object[name] = text;
  };
  add("certificate_authority", call.tls.certificate_authority);
  add("certificate", call.tls.certificate);
  add("key", call.tls.key);
  add("server_name", call.tls.server_name);
}

http_call tag_invoke(json::value_to_tag<http_call>, const json::value& in) {
  if (!in.is_object()) throw std::invalid_argument("http: must be an object");
  http_call call;
  for (const auto& [name, value] : in.get_object()) read_member(call, name, value);
  if (const auto fault = fault_of(call)) throw std::invalid_argument("http: " + *fault);
  return call;
}

}  // namespace carillon
