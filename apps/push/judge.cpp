#include "push/judge.hpp"

#include <fmt/format.h>

#include <carillon/text/plain_text.hpp>

namespace carillon::pushes {

namespace {

bool is_worth_another(unsigned status) {
  return status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 599);
}

std::string in_words(const http::answer& answer) {
  auto words = fmt::format("{}", answer.status);
  if (!answer.reason.empty()) words += ' ' + text::excerpt(answer.reason, 60);
  if (!answer.body.empty()) words += ": " + text::excerpt(answer.body);
  return words;
}

}  // namespace

delivered judge(const http::answer& answer, instant now) {
  if (answer.status >= 200 && answer.status <= 299) return {};
  if (is_worth_another(answer.status))
    return delivered::again(in_words(answer), http::parse_retry_after(answer.retry_after, now));
  if (answer.status >= 300 && answer.status <= 399 && !answer.location.empty())
    return delivered::never(
        fmt::format("{} points to {}: redirections are not followed, name the receiver's last URL",
                    answer.status, text::excerpt(answer.location)));
  return delivered::never(in_words(answer));
}

}  // namespace carillon::pushes
