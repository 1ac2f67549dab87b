#include "carillon/shared/push_config.hpp"

#include <fmt/format.h>
#include <carillon/http/url.hpp>
#include <carillon/job/job.hpp>
#include <carillon/time/duration.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <stdexcept>
#include <utility>

#include "carillon/config_job.hpp"
#include "carillon/config_section.hpp"
#include "carillon/store_access.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 4> ways{"webhook", "stream", "channel", "stdout"};
// What goes with one of them.
constexpr std::array<std::string_view, 10> keys_of_ways{
    "headers",     "connections", "connect_timeout", "answer_timeout", "keep", "certificate_authority",
    "certificate", "key",         "server_name",     "max_length"};

template <typename T, typename Value>
void set_given(T& member, Value&& given) {
  if (given) member = *std::forward<Value>(given);
}

// The section reader counts in 32 bits.
void set_given(std::size_t& member, std::optional<std::uint32_t> given) {
  if (given) member = *given;
}

// A key that must be there, as a text that is not empty.
std::string needed_text(config_section& section, std::string_view key, const char* example) {
  const auto given = section.text(key);
  if (given && !given->empty()) return *given;
  if (given) section.complain(*section.node(key), fmt::format("{} is empty", key), example);
  if (section.node(key) == nullptr)
    section.source().complain(section.begin(), fmt::format("{} has no {}", section.path(), key), example);
  return {};
}

bool is_fixed_time(std::string_view text) {
  int hour = 0, minute = 0;
  const auto number = [&](std::size_t begin, int& into) {
    const auto [stop, fault] = std::from_chars(text.data() + begin, text.data() + begin + 2, into);
    return fault == std::errc{} && stop == text.data() + begin + 2;
  };
  return text.size() == 5 && text[2] == ':' && number(0, hour) && number(3, minute) && hour >= 0 &&
         hour <= 23 && minute >= 0 && minute <= 59;
}

void read_store(config_section& section, push_config& out) {
  constexpr const char* example = "store = \"redis://127.0.0.1:6379\"";
  const auto given = needed_text(section, "store", example);
  if (given.empty()) return;
  const auto fault = fault_of_store(given);
  if (!fault) {
    out.store = given;
    return;
  }
  section.source().complain_inside(*section.node("store"), fault->position, "store: " + fault->message,
                                   fault->position == 0 ? example : fault->hint);
}

void read_times(config_section& section, pushes::push_options& options) {
  set_given(options.lookahead, section.duration("lookahead", 0ms, 12h));
  set_given(options.grace, section.duration("grace", 1min, 12h));
  const auto window = options.lookahead + options.grace;
  const auto given = section.duration("sent_ttl", 1s, 23h);
  set_given(options.sent_ttl, given);
  const auto* culprit = section.node("sent_ttl");
  if (culprit == nullptr) culprit = section.node("grace");
  if (culprit == nullptr) culprit = section.node("lookahead");
  if (culprit == nullptr) return;
  const auto sum = fmt::format("lookahead + grace, which is {} + {} = {}", format_duration(options.lookahead),
                               format_duration(options.grace), format_duration(window));
  if (options.sent_ttl < window) {
    section.complain(*culprit,
                     fmt::format("sent_ttl {} is less than {}: a push would be sent twice",
                                 format_duration(options.sent_ttl), sum),
                     fmt::format("sent_ttl = \"{}\" or more", format_duration(window)));
  } else if (options.sent_ttl + window > 23h) {
    // With less than a window of room no sent_ttl will do.
    const bool any_would_do = 2 * window <= 23h;
    section.complain(
        *culprit,
        fmt::format("sent_ttl {} is too long beside {}: the mark of one day must be gone when the next day's "
                    "push may go out, so that all three are at most 23h",
                    format_duration(options.sent_ttl), sum),
        any_would_do ? fmt::format("sent_ttl = \"{}\" or less", format_duration(23h - window))
                     : "a shorter lookahead or grace: together at most 11h30m");
  }
}

void read_push_retry(config_section& section, pushes::push_retry& retry) {
  const auto* table = section.table("retry");
  if (table == nullptr) return;
  config_section inside{section.source(), *table, "retry"};
  set_given(retry.attempts, inside.number("attempts", 1, 1'000));
  if (const auto given = read_backoff(inside, 1h)) std::tie(retry.backoff_min, retry.backoff_max) = *given;
  inside.finish();
}

void read_zone(config_section& section, pushes::push_options& options) {
  const auto given = section.text("timezone");
  if (!given) return;
  const auto read = zone::find(*given);
  if (read) {
    options.time_zone = *read;
  } else {
    const auto& why = read.error();
    section.source().complain_inside(*section.node("timezone"), why.position, "timezone: " + why.message,
                                     why.hint);
  }
}

void read_fixed_times(config_section& section, push_config& out) {
  const auto given = section.texts("fixed_times");
  if (!given) return;
  const auto& list = *section.node("fixed_times")->as_array();
  std::set<std::string> known;
  for (std::size_t at = 0; at < given->size(); ++at) {
    const auto& time = (*given)[at];
    if (!is_fixed_time(time)) {
      section.complain(*list.get(at), fmt::format("fixed_times: '{}' is no time of day", shown(time)),
                       "00:00 to 23:59, as in \"08:30\"");
    } else if (!known.insert(time).second) {
      section.complain(*list.get(at), fmt::format("fixed_times: {} stands there twice", time));
    }
  }
  out.fixed_times.assign(known.begin(), known.end());
}

void check_url(config_section& section, std::string_view key, const std::string& url) {
  const auto read = http::parse_url(url);
  if (read) return;
  section.source().complain_inside(*section.node(key), read.error().position,
                                   fmt::format("{}: {}", key, read.error().message), read.error().hint);
}

void read_fixed(config_section& section, push_config& out) {
  constexpr const char* example =
      "fixed = { command = [\"program\", \"argument\"] } or { http = \"http://…\" }";
  read_fixed_times(section, out);
  const auto* times = section.node("fixed_times");
  const auto* table = section.table("fixed");
  if (table == nullptr) {
    if (times != nullptr && section.node("fixed") == nullptr && !out.fixed_times.empty())
      section.complain(*times, "fixed_times: nothing says what is done then", example);
    return;
  }
  if (times == nullptr)
    section.complain(*table, "fixed: nothing says when it is done", "fixed_times = [\"08:00\"]");
  config_section inside{section.source(), *table, "fixed"};
  const auto url = inside.text("http");
  if (url) {
    check_url(inside, "http", *url);
    out.fixed_http = *url;
  }
  command_line command;
  set_given(command.argv, inside.texts("command"));
  set_given(command.shell, inside.text("shell"));
  const auto given = (url ? 1 : 0) + (inside.node("command") ? 1 : 0) + (inside.node("shell") ? 1 : 0);
  if (given != 1) inside.complain(*table, "fixed: one of command, shell and http, and no more", example);
  if (given == 1 && !url) {
    const auto* words = inside.node("command");
    const bool empty_list = words != nullptr && words->is_array() && command.argv.empty();
    const bool is_read = !command.argv.empty() || !command.shell.empty();
    if (empty_list || (inside.node("shell") && inside.node("shell")->is_string() && !is_read)) {
      inside.complain(words ? *words : *inside.node("shell"), "fixed: nothing is to be run", example);
    } else if (is_read) {
      if (const auto fault = fault_of(command)) inside.complain(*table, "fixed: " + *fault);
      out.fixed_command = std::move(command);
    }
  }
  inside.finish();
}

void read_metrics(config_section& section, push_config& out) {
  const auto given = section.text("metrics");
  if (!given) return;
  const auto colon = given->rfind(':');
  int port = 0;
  const auto* end = given->data() + given->size();
  const auto* begin = colon == std::string::npos ? end : given->data() + colon + 1;
  const auto [stop, fault] = std::from_chars(begin, end, port);
  if (fault != std::errc{} || stop != end || port < 1 || port > 65535 || colon == 0) {
    return section.complain(*section.node("metrics"),
                            fmt::format("metrics '{}' is no address with a port", shown(*given)),
                            "metrics = \"127.0.0.1:9464\"");
  }
  auto host = given->substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  out.metrics = metrics_address{std::move(host), static_cast<std::uint16_t>(port)};
}

// The key that a fault of a TLS file is about: its words begin with it.
const toml::node& tls_culprit(config_section& section, std::string_view fault) {
  const auto* named =
      section.node(fault.substr(0, fault.find(' ')) == "certificate_authority"   ? "certificate_authority"
                   : fault.starts_with("key ") && section.node("key") != nullptr ? "key"
                                                                                 : "certificate");
  return named != nullptr ? *named : *section.node("webhook");
}

pushes::webhook_options read_webhook(config_section& section) {
  pushes::webhook_options how;
  how.url = section.text("webhook").value_or("");
  if (!how.url.empty() || section.node("webhook")->is_string()) check_url(section, "webhook", how.url);
  set_given(how.headers, section.text_map("headers"));
  for (const auto& [name, value] : how.headers) {
    const auto fault = pushes::fault_of_header(name, value);
    if (fault) section.complain(*section.table("headers")->get(name), "headers: " + *fault);
  }
  set_given(how.connect_timeout, section.duration("connect_timeout", 1ms, 10min));
  set_given(how.answer_timeout, section.duration("answer_timeout", 1ms, 10min));
  set_given(how.keep, section.duration("keep", 0ms, 24h));
  set_given(how.tls.certificate_authority, section.text("certificate_authority"));
  set_given(how.tls.certificate, section.text("certificate"));
  set_given(how.tls.key, section.text("key"));
  set_given(how.tls.server_name, section.text("server_name"));
  const auto tls = http::parse_url(how.url);
  for (const auto* key : {"certificate_authority", "certificate", "key", "server_name"}) {
    if (tls && !tls->tls && section.node(key) != nullptr)
      section.complain(*section.node(key),
                       fmt::format("{} is for https://, and the webhook is http://", key));
  }
  if (tls && tls->tls) {
    if (const auto fault = http::fault_of(how.tls)) section.complain(tls_culprit(section, *fault), *fault);
  }
  return how;
}

// The one way that is given; nothing if there is none, or several.
std::optional<std::string_view> chosen_way(config_section& section) {
  std::vector<std::string_view> given;
  for (const auto way : ways) {
    const auto* node = section.node(way);
    const bool is_off = way == "stdout" && node != nullptr && !node->value<bool>().value_or(true);
    if (node != nullptr && !is_off) given.push_back(way);
  }
  if (given.size() == 1) return given.front();
  if (given.empty()) {
    section.source().complain(section.begin(), "[push.deliver] says no way to deliver",
                              "webhook = \"http://…\", stream = \"…\", channel = \"…\" or stdout = true");
  } else {
    section.complain(*section.node(given[1]), fmt::format("{} and {} are both given", given[0], given[1]),
                     "pushes are delivered one way");
  }
  return std::nullopt;
}

std::size_t connections_of(config_section& section, std::size_t concurrency) {
  std::size_t connections = concurrency;
  set_given(connections, section.number("connections", 1, 100'000));
  return connections;
}

void read_deliver(config_section section, push_config& out) {
  const auto way = chosen_way(section);
  const auto where = out.time_zone();
  // Keys of another way are unknown, and said to be.
  if (way == "webhook") {
    auto how = read_webhook(section);
    how.connections = connections_of(section, out.options.concurrency);
    how.where = where;
    out.deliver = std::move(how);
  } else if (way == "stream") {
    pushes::stream_options how;
    how.key = needed_text(section, "stream", "stream = \"pushes\"");
    if (const auto most = section.number("max_length", 1, 4'000'000'000U)) how.max_length = *most;
    how.where = where;
    out.deliver = std::move(how);
  } else if (way == "channel") {
    pushes::channel_options how;
    how.channel = needed_text(section, "channel", "channel = \"pushes\"");
    how.where = where;
    out.deliver = std::move(how);
  } else if (way == "stdout") {
    section.flag("stdout");
    pushes::stdout_options how;
    how.where = where;
    out.deliver = std::move(how);
  }
  for (const auto known : ways) section.node(known);
  if (!way) {
    for (const auto known : keys_of_ways) section.node(known);
  }
  section.finish();
}

void read_push(config_section section, push_config& out) {
  auto& options = out.options;
  read_store(section, out);
  options.subscriptions = needed_text(section, "subscriptions", "subscriptions = \"demo:subscription\"");
  options.sent = needed_text(section, "sent", "sent = \"demo:exist_push\"");
  set_given(options.rich, section.text("rich"));
  read_times(section, options);
  read_zone(section, options);
  set_given(options.concurrency, section.number("concurrency", 1, 100'000));
  read_push_retry(section, options.retry);
  set_given(options.lease, section.duration("lease", 1s, 10min));
  out.drain = section.duration("drain", 0ms, 24h);
  set_given(options.slices, section.number("slices", 1, 256));
  set_given(options.page, section.number("page", 1, 1'000));
  set_given(options.most_reserved, section.number("most_reserved", 1, 10'000'000));
  if (const auto most = section.number("dead_letters", 1, 1'000'000'000)) options.dead_letters = *most;
  if (const auto given = section.text("instance")) {
    const auto fault = fault_of_id(*given, "the name of an instance");
    if (given->empty())
      section.complain(*section.node("instance"), "instance is empty",
                       "leave it out, and it is made of host and process");
    else if (fault)
      section.complain(*section.node("instance"), fmt::format("instance '{}': {}", shown(*given), *fault));
    if (!given->empty()) out.instance = *given;
  }
  read_fixed(section, out);
  read_metrics(section, out);
  if (const auto* table = section.table("deliver")) {
    read_deliver({section.source(), *table, "[push.deliver]"}, out);
  } else if (section.node("deliver") == nullptr) {
    section.source().complain(section.begin(), "there is no [push.deliver]",
                              "[push.deliver] with webhook, stream, channel or stdout");
  }
  section.finish();
}

}  // namespace

push_config read_push_config(std::string_view text, const std::string& file) {
  config_source source{text, file};
  push_config out;
  try {
    const auto root = toml::parse(text, file);
    config_section top{source, root, "the file"};
    if (const auto* table = top.table("push")) {
      read_push({source, *table, "[push]"}, out);
    } else if (top.node("push") == nullptr) {
      source.complain({1, 1}, "there is no [push]", "docs/push.md describes the file");
    }
    daemon_settings settings;
    if (const auto* table = top.table("log")) read_log({source, *table, "[log]"}, settings);
    out.log_format = settings.log_format;
    out.log_level = settings.log_level;
    top.finish();
    if (!has_errors(source.found)) check(out.options);
  } catch (const toml::parse_error& fault) {
    source.complain(fault.source().begin, shown(fault.description(), 300));
  } catch (const std::invalid_argument& fault) {
    source.complain({}, fault.what());
  }
  out.found = std::move(source.found);
  sort_by_place(out.found);
  return out;
}

}  // namespace carillon::app
