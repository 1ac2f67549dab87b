#include "redis/step_answers.hpp"

#include <fmt/format.h>

#include <boost/system/system_error.hpp>

#include "redis/record_codec.hpp"

namespace carillon::redis {

namespace {

[[noreturn]] void not_as_expected(const std::string& expected, const reply& said) {
  throw boost::system::system_error(
      errc::store_refused,
      fmt::format("a script is expected to answer {}, and the answer was {}", expected, said.to_string()));
}

/// What a step answers first.
template <typename Enum>
Enum read_what(const reply& said, Enum last) {
  const auto what = said[0].integer();
  if (what < 0 || what > static_cast<std::int64_t>(last))
    not_as_expected(fmt::format("0 to {} first", static_cast<int>(last)), said);
  return static_cast<Enum>(what);
}

instant time_in(const reply& number) { return instant{milliseconds{number.integer()}}; }

followed_run_ptr followed_in(const reply& said) {
  expect_size(said, 3);
  return std::make_shared<const followed_run>(followed_run{std::string{said[0].text()},
                                                           std::string{said[1].text()},
                                                           static_cast<outcome_kind>(said[2].integer())});
}

std::uint64_t unsigned_in(const reply& number) { return static_cast<std::uint64_t>(number.integer()); }

}  // namespace

void expect_size(const reply& said, std::size_t wanted) {
  if (!said.is_list() || said.size() != wanted) not_as_expected(fmt::format("a list of {}", wanted), said);
}

std::string refusal_in(const reply& said) {
  constexpr std::string_view unreadable = "UNREADABLE ";
  if (said.what() != reply::kind::text || !said.text().starts_with(unreadable)) return {};
  return fmt::format("{} cannot be read, and nothing was done: carillon doctor says what to do",
                     said.text().substr(unreadable.size()));
}

std::optional<instant> read_time(const reply& number) {
  if (number.is_null()) return std::nullopt;
  return time_in(number);
}

claim_answer read_claim(const reply& said, std::size_t planned, bool carries) {
  claim_answer answer;
  answer.what = read_what(said, claim_answer::kind::gone);
  if (answer.what != claim_answer::kind::claimed) return answer;
  expect_size(said, 2 + 3 * planned + (carries ? 1 : 0));
  auto value = said.begin();
  answer.next_waiting = read_time(*++value);
  for (; planned > 0; --planned) {
    auto& run = answer.runs.emplace_back();
    run.what = static_cast<run_answer::kind>((*++value).integer());
    run.fence = unsigned_in(*++value);
    run.cancel_run = (*++value).text();
  }
  if (carries) answer.carried = (*++value).text();
  return answer;
}

take_answer read_take(const reply& said) {
  take_answer answer;
  answer.what = read_what(said, take_answer::kind::gone);
  if (said.size() > 1) answer.next_waiting = read_time(said[1]);
  if (answer.what != take_answer::kind::won) return answer;
  if (said.size() != 11) expect_size(said, 10);
  answer.occurrence = time_in(said[2]);
  answer.due = time_in(said[3]);
  answer.attempt = static_cast<std::uint32_t>(said[4].integer());
  answer.fence = unsigned_in(said[5]);
  answer.why = static_cast<waiting_reason>(said[6].integer());
  answer.extra = said[7].integer() != 0;
  answer.revision = unsigned_in(said[8]);
  answer.carried = said[9].text();
  if (said.size() == 11) answer.follows = followed_in(said[10]);
  return answer;
}

awaited_end read_end(const reply& said) {
  expect_size(said, 3);
  awaited_end end;
  end.what = read_what(said, awaited_end::kind::unknown);
  if (end.what != awaited_end::kind::ended) return end;
  end.value = said[1].text();
  end.entry = read_entry(said[2]);
  return end;
}

finish_answer read_finish(const reply& said) {
  expect_size(said, 5);
  finish_answer answer;
  answer.what = read_what(said, finish_answer::kind::stale);
  answer.next_waiting = read_time(said[1]);
  answer.paused_now = said[2].integer() != 0;
  answer.removed_now = said[3].integer() != 0;
  answer.followed = said[4].integer() != 0;
  return answer;
}

follow_answer read_follow(const reply& said) {
  const auto what = said.integer();
  if (what < 0 || what > 1) not_as_expected("0 or 1", said);
  return {static_cast<follow_answer::kind>(what)};
}

put_answer read_put(const reply& said) {
  expect_size(said, 2);
  put_answer answer;
  answer.what = read_what(said, put_answer::kind::conflict);
  answer.revision = unsigned_in(said[1]);
  return answer;
}

change_answer read_change(const reply& said) { return read_what(said, change_answer::gone); }

}  // namespace carillon::redis
