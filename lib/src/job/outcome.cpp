#include <carillon/job/outcome.hpp>
#include <carillon/text/plain_text.hpp>

#include <boost/system/system_error.hpp>
#include <string>
#include <string_view>
#include <system_error>

namespace carillon {

namespace {

/// The operating system's errors have one name, whichever library reports them.
template <typename Code>
std::string name_of(const Code& code) {
  const std::string_view category = code.category().name();
  const bool of_the_system = category == "system" || category == "generic";
  return std::string{of_the_system ? "system" : category} + ":" + std::to_string(code.value());
}

constexpr std::string_view nothing_said = "an exception that says nothing was thrown";

/// `what()` may be null.
std::string_view words_of(const std::exception& why) {
  const char* const words = why.what();
  return words ? words : nothing_said;
}

/// Without where in the source it was thrown, which Boost adds at the end for programmers.
std::string words_of_code(const boost::system::system_error& why) {
  std::string words{words_of(why)};
  const auto ending = why.code().what();
  if (words.ends_with(ending))
    words.replace(words.size() - ending.size(), ending.size(), why.code().message());
  return words;
}

outcome failed(std::string_view failure, std::string_view message, bool permanent = false) {
  outcome result;
  result.kind = outcome_kind::failed;
  result.permanent = permanent;
  result.failure = text::in_utf8(failure, longest_text);
  result.message = text::in_utf8(message, longest_text);
  return result;
}

outcome described(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const failure& why) {
    auto result = failed(why.name(), words_of(why), why.permanent());
    result.retry_after = why.retry_after();
    return result;
  } catch (const boost::system::system_error& why) {
    return failed(name_of(why.code()), words_of_code(why));
  } catch (const std::system_error& why) {
    return failed(name_of(why.code()), words_of(why));
  } catch (const std::exception& why) {
    return failed("exception", words_of(why));
  } catch (...) {
    return failed("exception", "something that is no std::exception was thrown");
  }
}

}  // namespace

std::string_view name(outcome_kind kind) noexcept {
  switch (kind) {
    case outcome_kind::succeeded: return "succeeded";
    case outcome_kind::failed: return "failed";
    case outcome_kind::timed_out: return "timed_out";
    case outcome_kind::cancelled: return "cancelled";
    case outcome_kind::lost: return "lost";
    case outcome_kind::missed: return "missed";
    case outcome_kind::skipped: return "skipped";
    case outcome_kind::coalesced: return "coalesced";
  }
  return "unknown";
}

std::string_view name(cancel_reason reason) noexcept {
  switch (reason) {
    case cancel_reason::none: return "none";
    case cancel_reason::timeout: return "timeout";
    case cancel_reason::overlap: return "overlap";
    case cancel_reason::shutdown: return "shutdown";
    case cancel_reason::removed: return "removed";
    case cancel_reason::user: return "user";
    case cancel_reason::lost_lease: return "lost_lease";
  }
  return "unknown";
}

outcome outcome_of(const std::exception_ptr& thrown) noexcept {
  if (!thrown) return {};
  try {
    return described(thrown);
  } catch (...) {
    return failed("exception", "it has no words");  // So short that they need no memory.
  }
}

}  // namespace carillon
