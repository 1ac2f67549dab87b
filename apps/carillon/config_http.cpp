#include "carillon/config_http.hpp"

#include <fmt/format.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <carillon/http/message.hpp>
#include <carillon/http/url.hpp>

#include <array>
#include <sstream>
#include <utility>

namespace carillon::app {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

template <typename T, typename Value>
void take_given(T& member, Value&& given) {
  if (given) member = *std::forward<Value>(given);
}

// TOML's dates and times become texts: JSON has none.
json::value toml_as_json(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    json::object object;
    for (const auto& [key, value] : *table) object[key.str()] = toml_as_json(value);
    return object;
  }
  if (const auto* list = node.as_array()) {
    json::array array;
    for (const auto& element : *list) array.push_back(toml_as_json(element));
    return array;
  }
  if (node.is_string()) return json::value(*node.value<std::string_view>());
  if (node.is_integer()) return json::value(*node.value<std::int64_t>());
  if (node.is_floating_point()) return json::value(*node.value<double>());
  if (node.is_boolean()) return json::value(*node.value<bool>());
  std::ostringstream text;
  if (const auto* date = node.as_date()) text << date->get();
  if (const auto* time = node.as_time()) text << time->get();
  if (const auto* both = node.as_date_time()) text << both->get();
  return json::value(text.str());
}

void read_url(config_section& section, http_call& call) {
  const auto given = section.text("url");
  if (!given) return;
  const auto read = http::parse_url(*given);
  if (!read)
    section.source().complain_inside(*section.node("url"), read.error().position,
                                     "url: " + read.error().message, read.error().hint);
  call.url = *given;
}

void read_headers(config_section& section, http_call& call) {
  for (const auto& [key, into] :
       {std::pair{"headers", &call.headers}, {"header_files", &call.header_files}}) {
    const bool are_values = into == &call.headers;
    const auto given = section.text_map(key);
    if (!given) continue;
    for (const auto& [name, value] : *given) {
      if (const auto fault = http::fault_of_header(name, are_values ? value : ""))
        section.complain(*section.table(key)->get(name), fmt::format("{}: {}", key, *fault));
      (*into)[name] = value;
    }
  }
}

void read_body(config_section& section, http_call& call) {
  const auto* node = section.node("body");
  if (node != nullptr && (node->is_table() || node->is_string())) {
    call.body = toml_as_json(*node);
  } else if (node != nullptr) {
    section.complain(*node, "body must be a table or a text",
                     "body = { customer = 42 } goes into the JSON that is sent, body = \"…\" in its place");
  }
  const auto text = section.text("body_json");
  if (!text) return;
  if (node != nullptr)
    section.complain(*section.node("body_json"), "body and body_json are both given", "one of them");
  boost::system::error_code fault;
  auto read = json::parse(*text, fault);
  if (fault || !read.is_object()) {
    section.complain(
        *section.node("body_json"),
        fault ? "body_json is no JSON: " + fault.message() : "body_json must be an object of JSON",
        "'{\"customer\": 42}'");
  } else {
    call.body = std::move(read);
  }
}

std::optional<status_range> status_of(const toml::node& node) {
  if (node.is_integer()) return parse_status_range(std::to_string(*node.value<std::int64_t>()));
  if (node.is_string()) return parse_status_range(*node.value<std::string_view>());
  return std::nullopt;
}

void read_expect(config_section& section, http_call& call) {
  const auto* node = section.node("expect");
  if (node == nullptr) return;
  std::vector<status_range> all;
  const auto add = [&](const toml::node& one) {
    const auto range = status_of(one);
    if (range) return all.push_back(*range);
    section.complain(one, "expect: no status of HTTP", "200, \"2xx\", or a list as [200, \"3xx\"]");
  };
  if (const auto* list = node->as_array()) {
    for (const auto& one : *list) add(one);
    if (list->empty()) section.complain(*node, "expect: names no status", "leave it out for 2xx");
  } else {
    add(*node);
  }
  if (!all.empty()) call.expect = std::move(all);
}

}  // namespace

void read_http(config_section& section, http_call& call) {
  const auto* table = section.table("http");
  if (table == nullptr) return;
  config_section inside{section.source(), *table, "http"};
  static const std::vector<std::string_view> methods{"POST", "GET", "PUT", "PATCH", "DELETE", "HEAD"};
  read_url(inside, call);
  if (const auto place = inside.choice("method", methods)) call.method = methods[*place];
  read_headers(inside, call);
  read_body(inside, call);
  read_expect(inside, call);
  take_given(call.connect_timeout, inside.duration("connect_timeout", 1ms, 24h));
  take_given(call.answer_timeout, inside.duration("answer_timeout", 1ms, 24h));
  take_given(call.tls.certificate_authority, inside.text("certificate_authority"));
  take_given(call.tls.certificate, inside.text("certificate"));
  take_given(call.tls.key, inside.text("key"));
  take_given(call.tls.server_name, inside.text("server_name"));
  inside.finish();
}

}  // namespace carillon::app
