#include "redis/link_url.hpp"

#include <fmt/format.h>

#include <array>
#include <carillon/time/duration.hpp>
#include <charconv>

#include "text/url_part.hpp"

namespace carillon::redis {

namespace {

struct scheme {
  std::string_view prefix;
  endpoint::kind what;
  bool tls;
};

constexpr std::array<scheme, 5> schemes{{{"redis://", endpoint::kind::server, false},
                                         {"rediss://", endpoint::kind::server, true},
                                         {"redis+sentinel://", endpoint::kind::sentinel, false},
                                         {"rediss+sentinel://", endpoint::kind::sentinel, true},
                                         {"unix:", endpoint::kind::socket, false}}};

// Reads a URL from left to right. A step that finds something wrong throws.
class reader {
 public:
  reader(std::string_view url, link_options defaults) : url_{url} { target_.options = std::move(defaults); }

  link_target read() {
    read_scheme();
    const auto query = url_.find('?', at_);
    const auto end = query == std::string_view::npos ? url_.size() : query;
    if (target_.where.what == endpoint::kind::socket) {
      read_socket(end);
    } else {
      const auto slash = std::min(url_.find('/', at_), end);
      read_user(slash);
      read_hosts(slash);
      read_path(end);
    }
    at_ = end;
    while (at_ < url_.size()) read_option();
    return std::move(target_);
  }

 private:
  [[noreturn]] static void fail(std::size_t position, std::string message, std::string hint = {}) {
    throw parse_failure(parse_error{std::move(message), position, std::move(hint)});
  }

  std::string_view between(std::size_t begin, std::size_t end) const {
    return url_.substr(begin, end - begin);
  }

  std::string decoded(std::size_t begin, std::size_t end, const char* what) const {
    return text::url_part(url_, begin, end, what);
  }

  void read_scheme() {
    for (const auto& each : schemes) {
      if (!url_.starts_with(each.prefix)) continue;
      target_.where.what = each.what;
      target_.where.tls = each.tls;
      at_ = each.prefix.size();
      return;
    }
    const auto colon = url_.find(':');
    const bool has_scheme = colon != std::string_view::npos && url_.substr(colon).starts_with("://");
    fail(0, has_scheme ? fmt::format("{}: not a way to a Redis", url_.substr(0, colon + 3)) : "no scheme",
         "redis://host:6379, rediss:// for TLS, redis+sentinel://host1,host2/master-name or unix:/path");
  }

  void read_socket(std::size_t end) {
    if (url_.substr(at_).starts_with("//")) at_ += 2;
    target_.where.hosts.clear();
    target_.where.socket_path = decoded(at_, end, "path");
    if (!target_.where.socket_path.starts_with('/'))
      fail(at_, "the path of a socket begins with /", "unix:/run/redis/redis.sock");
  }

  void read_user(std::size_t end) {
    const auto sign = between(at_, end).rfind('@');
    if (sign == std::string_view::npos) return;
    const auto colon = std::min(between(at_, at_ + sign).find(':'), sign);
    if (colon > 0) target_.where.user = decoded(at_, at_ + colon, "user");
    if (colon < sign) target_.where.password = decoded(at_ + colon + 1, at_ + sign, "password");
    at_ += sign + 1;
  }

  void read_hosts(std::size_t end) {
    const bool many = target_.where.what == endpoint::kind::sentinel;
    target_.where.hosts.clear();
    for (;;) {
      const auto comma = std::min(url_.find(',', at_), end);
      read_host(comma);
      at_ = comma;
      if (comma == end) return;
      if (!many) fail(comma, "more than one host", "redis+sentinel://host1,host2/master-name for sentinels");
      ++at_;
    }
  }

  void read_host(std::size_t end) {
    host_and_port each;
    each.port = target_.where.what == endpoint::kind::sentinel ? "26379" : "6379";
    auto after = end;
    if (at_ < end && url_[at_] == '[') {
      const auto bracket = url_.find(']', at_);
      if (bracket >= end) fail(at_, "[ without ]", "[::1]:6379");
      each.host = between(at_ + 1, bracket);
      after = bracket + 1;
    } else {
      after = std::min(url_.find(':', at_), end);
      each.host = decoded(at_, after, "host");
    }
    if (each.host.empty()) fail(at_, "no host", "redis://127.0.0.1:6379");
    if (after < end) {
      if (url_[after] != ':') fail(after, "a host ends with a colon and its port, a slash, or the end");
      each.port = fmt::format("{}", read_number(after + 1, end, "port", 1, 65535));
    }
    target_.where.hosts.push_back(std::move(each));
  }

  int read_number(std::size_t begin, std::size_t end, std::string_view what, int least, int most) const {
    const auto text = between(begin, end);
    int number = 0;
    const auto [stop, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (wrong != std::errc() || stop != text.data() + text.size() || number < least || number > most) {
      // A password with a bare / or # looks like a port. It is not repeated.
      fail(begin, fmt::format("{}: {} to {}", what, least, most),
           what == "port" ? "a password that has / ? # or @ needs them as %2F %3F %23 %40" : "");
    }
    return number;
  }

  void read_path(std::size_t end) {
    if (target_.where.what == endpoint::kind::sentinel) {
      if (at_ + 1 >= end) fail(end, "no name of a master", "redis+sentinel://host1,host2/master-name");
      const auto slash = std::min(url_.find('/', at_ + 1), end);
      target_.where.master_name = decoded(at_ + 1, slash, "name of the master");
      at_ = slash;
    }
    if (at_ + 1 < end) target_.where.database = read_number(at_ + 1, end, "database", 0, 1'000'000);
  }

  // One of "?name=value&name=value", with the sign before it.
  void read_option() {
    const auto begin = at_ + 1;
    const auto end = std::min(url_.find('&', begin), url_.size());
    at_ = end;
    if (begin == end) return;
    const auto equals = std::min(url_.find('=', begin), end);
    const auto name = between(begin, equals);
    if (equals == end) fail(begin, fmt::format("option {} has no value", name), fmt::format("{}=…", name));
    if (name == "database") {
      target_.where.database = read_number(equals + 1, end, "database", 0, 1'000'000);
      return;
    }
    if (auto* const time = time_option(name)) {
      const auto duration = parse_duration(between(equals + 1, end));
      if (!duration)
        fail(equals + 1 + duration.error().position, fmt::format("{}: {}", name, duration.error().message),
             "2s");
      *time = *duration;
      return;
    }
    auto* const text = text_option(name);
    if (text == nullptr) {
      fail(begin, fmt::format("no option has the name {}", name),
           "namespace command_timeout connect_timeout health_check_interval database certificate_authority "
           "certificate key "
           "server_name sentinel_user sentinel_password");
    }
    *text = decoded(equals + 1, end, "option");
    if (name == "namespace" && !is_name_space(*text))
      fail(equals + 1, fmt::format("namespace '{}': {}", *text, what_name_spaces_are));
  }

  std::chrono::milliseconds* time_option(std::string_view name) {
    auto& options = target_.options;
    if (name == "command_timeout") return &options.command_timeout;
    if (name == "connect_timeout") return &options.connect_timeout;
    if (name == "health_check_interval") return &options.health_check_interval;
    return nullptr;
  }

  std::string* text_option(std::string_view name) {
    auto& options = target_.options;
    if (name == "namespace") return &options.name_space;
    if (name == "certificate_authority") return &options.certificate_authority;
    if (name == "certificate") return &options.certificate;
    if (name == "key") return &options.key;
    if (name == "server_name") return &options.server_name;
    if (name == "sentinel_user") return &target_.where.sentinel_user;
    if (name == "sentinel_password") return &target_.where.sentinel_password;
    return nullptr;
  }

  std::string_view url_;
  std::size_t at_ = 0;
  link_target target_;
};

}  // namespace

bool is_name_space(std::string_view name) noexcept {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name.size() <= 64 && name.find_first_not_of(allowed) == std::string_view::npos;
}

parse_result<link_target> parse_link_url(std::string_view url, link_options defaults) {
  try {
    return reader(url, std::move(defaults)).read();
  } catch (const parse_failure& wrong) {
    return wrong.error();
  }
}

parse_result<link_options> parse_link_options(std::string_view url) {
  auto target = parse_link_url(url, link_options{});
  if (!target) return std::move(target).error();
  target->options.url = url;
  return std::move(target->options);
}

}  // namespace carillon::redis
