#include <carillon/http/url.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/detail/base64.hpp>
#include <charconv>

#include "text/url_part.hpp"

namespace carillon::http {

namespace {

constexpr const char* example = "http://127.0.0.1:9000/ping";

std::string in_base64(std::string_view text) {
  namespace base64 = boost::beast::detail::base64;
  std::string out(base64::encoded_size(text.size()), '\0');
  out.resize(base64::encode(out.data(), text.data(), text.size()));
  return out;
}

// Reads a URL from left to right. A step that finds something wrong throws.
class url_reader {
 public:
  explicit url_reader(std::string_view text) : url_{text} {}

  url read() {
    read_scheme();
    const auto end = std::min(url_.find_first_of("/?#", at_), url_.size());
    read_user(end);
    read_host(end);
    at_ = end;
    read_target();
    return std::move(read_);
  }

 private:
  [[noreturn]] static void fail(std::size_t position, std::string message, std::string hint = {}) {
    throw parse_failure(parse_error{std::move(message), position, std::move(hint)});
  }

  void read_scheme() {
    if (url_.starts_with("http://")) {
      at_ = 7;
    } else if (url_.starts_with("https://")) {
      at_ = 8;
      read_.tls = true;
      read_.port = 443;
    } else {
      fail(0, "a URL begins with http:// or https://", example);
    }
  }

  std::string decoded(std::size_t begin, std::size_t end, const char* what) const {
    return text::url_part(url_, begin, end, what);
  }

  void read_user(std::size_t end) {
    const auto sign = url_.substr(at_, end - at_).rfind('@');
    if (sign == std::string_view::npos) return;
    const auto colon = std::min(url_.substr(at_, sign).find(':'), sign);
    const auto user = decoded(at_, at_ + colon, "user");
    const auto password = colon < sign ? decoded(at_ + colon + 1, at_ + sign, "password") : std::string{};
    read_.authorization = "Basic " + in_base64(user + ':' + password);
    at_ += sign + 1;
  }

  void read_host(std::size_t end) {
    auto after = end;
    if (at_ < end && url_[at_] == '[') {
      const auto bracket = url_.find(']', at_);
      if (bracket >= end) fail(at_, "[ without ]", "http://[::1]:9000/ping");
      read_.host = url_.substr(at_ + 1, bracket - at_ - 1);
      after = bracket + 1;
    } else {
      after = std::min(url_.find(':', at_), end);
      read_.host = decoded(at_, after, "host");
    }
    const auto is_odd = [](char c) { return c <= ' ' || c == '\x7f' || c == '"' || c == '\\'; };
    if (read_.host.empty()) fail(at_, "no host", example);
    if (std::ranges::any_of(read_.host, is_odd)) fail(at_, "a host has no blanks or quotes", example);
    if (after < end) read_port(after, end);
  }

  void read_port(std::size_t begin, std::size_t end) {
    const auto text = url_.substr(begin + 1, end - begin - 1);
    int number = 0;
    const auto [stop, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = wrong == std::errc() && stop == text.data() + text.size();
    // A password with a bare / or # looks like a port. It is not repeated.
    if (url_[begin] != ':' || !whole || number < 1 || number > 65535)
      fail(begin + 1, "port: 1 to 65535", "a password that has / ? # or @ needs them as %2F %3F %23 %40");
    read_.port = static_cast<std::uint16_t>(number);
  }

  void read_target() {
    const auto hash = url_.find('#', at_);
    if (hash != std::string_view::npos)
      fail(hash, "what follows # is never sent", "leave it out, or write # as %23");
    const auto rest = url_.substr(at_);
    const auto odd = std::ranges::find_if(rest, [](char c) { return c <= ' ' || c >= '\x7f'; });
    if (odd != rest.end())
      fail(at_ + static_cast<std::size_t>(odd - rest.begin()),
           "a blank, or a character beyond ASCII, in the path", "write its bytes as %20");
    read_.target = (rest.starts_with('/') ? "" : "/") + std::string{rest};
  }

  std::string_view url_;
  std::size_t at_ = 0;
  url read_;
};

}  // namespace

std::string url::authority() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  auto text = is_v6 ? '[' + host + ']' : host;
  if (port != (tls ? 443 : 80)) text += fmt::format(":{}", port);
  return text;
}

std::string url::origin() const { return (tls ? "https://" : "http://") + authority(); }

std::string url::to_string() const { return origin() + target.substr(0, target.find('?')); }

parse_result<url> parse_url(std::string_view text) {
  try {
    return url_reader{text}.read();
  } catch (const parse_failure& fault) {
    return fault.error();
  }
}

}  // namespace carillon::http
