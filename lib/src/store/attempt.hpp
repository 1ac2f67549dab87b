#pragma once
#include <boost/system/system_error.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/error.hpp>
#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace carillon {

/// What an error was thrown with, without what its code says.
inline std::string words_of(const boost::system::system_error& failure) {
  std::string words = failure.what();
  const auto of_code = ": " + failure.code().what();
  if (words.size() > of_code.size() && words.ends_with(of_code)) words.resize(words.size() - of_code.size());
  return words;
}

/// What came of a call that may fail: so that one can wait before trying again, which a handler cannot.
template <typename T>
struct attempt {
  std::optional<T> answer;
  std::exception_ptr failure;
  boost::system::error_code code;  ///< Of a failure that has one.
  std::string why;

  bool failed_with(errc what) const { return failure && code == make_error_code(what); }
};

template <typename T>
loop_awaitable<attempt<T>> attempted(loop_awaitable<T> call) {
  attempt<T> result;
  try {
    result.answer.emplace(co_await std::move(call));
  } catch (const boost::system::system_error& failure) {
    result.failure = std::current_exception();
    result.code = failure.code();
    result.why = words_of(failure);
  } catch (const std::exception& failure) {
    result.failure = std::current_exception();
    result.why = failure.what();
  }
  co_return result;
}

/// What an exception says, for the log.
inline std::string what_of(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& why) {
    return why.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

/// The same of a call that answers nothing; the answer is true.
inline loop_awaitable<bool> done(loop_awaitable<void> call) {
  co_await std::move(call);
  co_return true;
}

}  // namespace carillon
