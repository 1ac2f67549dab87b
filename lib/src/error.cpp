#include <carillon/error.hpp>

namespace carillon {

namespace {

class category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "carillon"; }
  std::string message(int code) const override {
    switch (static_cast<errc>(code)) {
      case errc::search_exhausted: return "the triggers never met within the bound of the search";
      case errc::stopped: return "the scheduler is not running";
      case errc::unknown_zone: return "no such time zone";
      case errc::no_such_job: return "no such job";
      case errc::unknown_calendar: return "no such calendar of dates";
      case errc::store_unreachable: return "the store is out of reach";
      case errc::store_refused: return "the store refused";
      case errc::no_store: return "there is no store";
      case errc::other_store: return "another store has taken the place of the one that was opened";
      case errc::lease_lost: return "this instance is not a member of its store any more";
      case errc::conflict: return "somebody else has changed the job meanwhile";
      case errc::lock_lost: return "the lock was lost while its holder was at work";
    }
    return "unknown error";
  }
};

}  // namespace

const boost::system::error_category& error_category() noexcept {
  static const category instance;
  return instance;
}

boost::system::error_code make_error_code(errc code) noexcept {
  return {static_cast<int>(code), error_category()};
}

std::string parse_error::to_string() const {
  std::string line = message + " (at character " + std::to_string(position + 1) + ")";
  if (!hint.empty()) line += "; " + hint;
  return line;
}

void throw_exception_from_error(const parse_error& why, const boost::source_location&) {
  throw parse_failure(why);
}

}  // namespace carillon
