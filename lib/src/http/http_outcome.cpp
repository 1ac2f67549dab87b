#include "http/http_outcome.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <carillon/http/url.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/text/plain_text.hpp>
#include <string_view>

namespace carillon {

namespace {

bool is_expected(const http_call& call, unsigned status) {
  return std::ranges::any_of(
      call.expect, [&](const status_range& one) { return one.first <= status && status <= one.last; });
}

// The body may have been cut within a character: what is left of that goes.
std::string_view whole_characters(std::string_view text) {
  auto end = text.size();
  while (end > 0 && text.size() - end < 3 && (static_cast<unsigned char>(text[end - 1]) & 0xC0U) == 0x80U)
    --end;
  if (end == 0) return text;
  const auto lead = static_cast<unsigned char>(text[end - 1]);
  const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return text.size() - (end - 1) < length ? text.substr(0, end - 1) : text;
}

std::string body_in_words(const http::answer& answer) {
  if (answer.body.find('\0') != std::string::npos)
    return fmt::format("(no text: {})",
                       answer.content_type.empty() ? "no content type" : text::excerpt(answer.content_type));
  const auto kept = answer.cut ? whole_characters(answer.body) : std::string_view{answer.body};
  auto words = text::excerpt(kept, kept.size() * 4);  // All of it, in one line.
  if (answer.cut) words += "…";
  return words;
}

std::string status_in_words(const http::answer& answer) {
  auto words = fmt::format("{}", answer.status);
  if (!answer.reason.empty()) words += ' ' + text::excerpt(answer.reason, 60);
  return words;
}

// Where a redirection points to: as of the call's own URL, without user, password, query and what follows #.
// Empty: it cannot be told apart what in it is secret.
std::string without_secrets(std::string_view location) {
  location = location.substr(0, location.find('#'));
  const bool names_host = location.starts_with("//");
  if (const auto whole = http::parse_url((names_host ? "http:" : "") + std::string{location}))
    return whole->to_string().substr(names_host ? 5 : 0);
  location = location.substr(0, location.find('?'));
  const bool is_path = !names_host && location.find_first_of(":@\\") == std::string_view::npos;
  return is_path ? std::string{location} : std::string{};
}

bool is_redirection(const http::answer& answer) {
  return answer.status / 100 == 3 && !answer.location.empty();
}

// What there is to say of a status that nobody expected.
std::string why_unexpected(const http_call& call, const http::answer& answer) {
  if (is_redirection(answer)) {
    const auto target = without_secrets(answer.location);
    return fmt::format(": it points {}: redirections are not followed, name the last URL",
                       target.empty() ? "elsewhere" : "to " + text::excerpt(target));
  }
  if (answer.status / 100 != 2) return {};
  std::vector<std::string> wanted;
  for (const auto& one : call.expect) wanted.push_back(to_string(one));
  return fmt::format(", expected {}", fmt::join(wanted, ", "));
}

std::string_view name_of(http::trouble what) {
  switch (what) {
    case http::trouble::connect: return "connect";
    case http::trouble::tls: return "tls";
    case http::trouble::timeout: return "timeout";
    default: return "ended";
  }
}

std::string with_body(std::string first_line, const http::answer& answer) {
  const auto body = body_in_words(answer);
  if (!body.empty()) first_line += '\n' + body;
  return first_line;
}

}  // namespace

std::string note_of(const http_call& call, const http::exchange& what, instant now) {
  if (!what.answered) {
    const auto where = http::parse_url(call.url);
    throw failure(std::string{name_of(what.what)},
                  fmt::format("{}: {}{}", where ? where->to_string() : call.method, what.why,
                              what.unsure ? "; it may have the request" : ""));
  }
  const auto& answer = *what.answered;
  if (is_expected(call, answer.status)) return with_body(status_in_words(answer), answer);
  auto words = status_in_words(answer) + why_unexpected(call, answer);
  // The body of a redirection says once more, and in full, where it points to.
  if (!is_redirection(answer)) words = with_body(std::move(words), answer);
  throw failure(fmt::format("http:{}", answer.status), words, false,
                http::parse_retry_after(answer.retry_after, now));
}

}  // namespace carillon
