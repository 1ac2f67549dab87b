#pragma once
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace carillon {

/// What can go wrong in the library, beyond text that does not parse (`parse_error`).
enum class errc {
  search_exhausted = 1,  ///< A combination of triggers was searched up to its bound and never met.
  stopped,               ///< The scheduler has been shut down, or has not been started.
  unknown_zone,          ///< No IANA time zone has that name.
  no_such_job,           ///< No job has that id.
  unknown_calendar,      ///< A trigger leaves out a calendar of dates that nobody has defined.
  store_unreachable,     ///< A shared store did not answer in time; what was asked may have taken effect.
  store_refused,         ///< A shared store would not do what was asked.
  no_store,              ///< There is no store in that place, and none was to be made.
  other_store,           ///< Another store has taken the place of the one that was opened.
  lease_lost,            ///< This instance is not a member of its shared store any more.
  conflict,              ///< A job is not at the revision that a change was made for: nothing was changed.
  lock_lost,             ///< A lock, or the claim of a key, was lost while its holder was at work.
};

/// The category of `errc`; its messages are sentences without a full stop.
const boost::system::error_category& error_category() noexcept;
boost::system::error_code make_error_code(errc code) noexcept;

/// An answer, or the reason why there is none.
template <typename T>
using result = boost::system::result<T>;

/// Why a text was refused, and where.
struct parse_error {
  std::string message;       ///< What is wrong, with the offending words: "minute 75: 0 to 59".
  std::size_t position = 0;  ///< Of the offending character, counted in bytes from 0.
  std::string hint;          ///< What would be right ("did you mean mon?"); may be empty.

  /// One line: message, position counted from 1, hint.
  std::string to_string() const;
  friend bool operator==(const parse_error&, const parse_error&) = default;
};

/// What `parse_result::value()` throws.
class parse_failure : public std::invalid_argument {
 public:
  explicit parse_failure(parse_error why) : std::invalid_argument(why.to_string()), why_(std::move(why)) {}
  const parse_error& error() const noexcept { return why_; }

 private:
  parse_error why_;
};

[[noreturn]] void throw_exception_from_error(const parse_error& why, const boost::source_location& where);

/// What a text says, or why it was refused.
template <typename T>
using parse_result = boost::system::result<T, parse_error>;

}  // namespace carillon

template <>
struct boost::system::is_error_code_enum<carillon::errc> : std::true_type {};
