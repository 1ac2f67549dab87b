#include <doctest/doctest.h>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/job/outcome.hpp>

#include <exception>
#include <future>
#include <new>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>

using carillon::outcome;
using carillon::outcome_kind;
using carillon::outcome_of;

namespace {

template <typename Thrown>
outcome outcome_when(const Thrown& thrown) {
  return outcome_of(std::make_exception_ptr(thrown));
}

/// An exception that somebody wrote who thought nobody would ask.
struct silent : std::exception {
  const char* what() const noexcept override { return nullptr; }
};

struct silent_failure : carillon::failure {
  silent_failure() : failure("paper", "") {}
  const char* what() const noexcept override { return nullptr; }
};

struct silent_error : std::system_error {
  silent_error() : std::system_error(2, std::generic_category()) {}
  const char* what() const noexcept override { return nullptr; }
};

/// A category whose words cannot be had any more.
struct muted_category final : boost::system::error_category {
  const char* name() const noexcept override { return "muted"; }
  std::string message(int) const override { return muted ? throw std::bad_alloc() : "some words"; }
  bool muted = false;
};

}  // namespace

TEST_SUITE("outcome") {
  TEST_CASE("nothing thrown is success") { CHECK(outcome_of(nullptr) == outcome{}); }

  TEST_CASE("a failure keeps its name, its words, and whether it is for good") {
    const auto result = outcome_when(carillon::failure("exit:75", "come again", true));
    CHECK(result.kind == outcome_kind::failed);
    CHECK(result.failure == "exit:75");
    CHECK(result.message == "come again");
    CHECK(result.permanent);
    CHECK(result.is_failure());
  }

  TEST_CASE("an error of the system has one name, whichever library reports it") {
    namespace errc = boost::system::errc;
    const auto refused = static_cast<int>(std::errc::connection_refused);
    const auto name = "system:" + std::to_string(refused);
    CHECK(outcome_when(std::system_error(refused, std::system_category())).failure == name);
    CHECK(outcome_when(std::system_error(refused, std::generic_category())).failure == name);
    CHECK(
        outcome_when(boost::system::system_error(errc::make_error_code(errc::connection_refused))).failure ==
        name);
    CHECK(outcome_when(boost::system::system_error(refused, boost::system::system_category())).failure ==
          name);
    CHECK(outcome_when(std::system_error(std::make_error_code(std::future_errc::no_state))).failure ==
          "future:" + std::to_string(static_cast<int>(std::future_errc::no_state)));
  }

  TEST_CASE("the words of a system error do not say where in the source it was thrown") {
    static constexpr boost::source_location here = BOOST_CURRENT_LOCATION;
    const boost::system::error_code code{2, boost::system::generic_category(), &here};
    CHECK(outcome_when(boost::system::system_error(code, "open")).message ==
          "open: No such file or directory");
    CHECK(outcome_when(boost::system::system_error(code)).message == "No such file or directory");
  }

  TEST_CASE("everything else is an exception") {
    const auto result = outcome_when(std::runtime_error("out of ink"));
    CHECK(result.failure == "exception");
    CHECK(result.message == "out of ink");
    CHECK_FALSE(result.permanent);
    CHECK(outcome_when(7).failure == "exception");
    CHECK(outcome_when(7).kind == outcome_kind::failed);
  }

  TEST_CASE("an exception without words has some of ours, whatever kind it is") {
    const std::string words = "an exception that says nothing was thrown";
    CHECK(outcome_when(silent()).failure == "exception");
    CHECK(outcome_when(silent()).message == words);
    CHECK(outcome_when(silent_failure()).failure == "paper");
    CHECK(outcome_when(silent_failure()).message == words);
    CHECK(outcome_when(silent_error()).failure == "system:2");
    CHECK(outcome_when(silent_error()).message == words);
  }

  TEST_CASE("words that throw when they are asked for do not escape") {
    static muted_category category;
    static constexpr boost::source_location here = BOOST_CURRENT_LOCATION;
    const boost::system::system_error fault(boost::system::error_code(7, category, &here));
    const auto thrown = std::make_exception_ptr(fault);
    category.muted = true;
    const auto result = outcome_of(thrown);
    CHECK(result.kind == outcome_kind::failed);
    CHECK(result.message == "it has no words");
    CHECK(noexcept(outcome_of(nullptr)));
  }

  TEST_CASE("words are cut between characters, and what is no UTF-8 in them is replaced") {
    const std::string longest(carillon::longest_text, 'm');
    CHECK(outcome_when(std::runtime_error(longest)).message == longest);
    const auto cut = outcome_when(std::runtime_error(longest + longest)).message;
    CHECK(cut == longest.substr(3) + "…");
    const std::string umlauts = std::string(carillon::longest_text / 2, '\xc3');
    CHECK(outcome_when(carillon::failure(umlauts, "x")).failure.size() <= carillon::longest_text);
    CHECK(outcome_when(std::runtime_error("a\xff z")).message == "a\uFFFD z");
    CHECK(outcome_when(carillon::failure("paper\xff", "")).failure == "paper\uFFFD");
  }

  TEST_CASE("every kind and every reason has a name of its own") {
    std::set<std::string_view> kinds, reasons;
    for (int i = 0; i <= static_cast<int>(outcome_kind::coalesced); ++i)
      kinds.insert(name(static_cast<outcome_kind>(i)));
    CHECK(kinds.size() == 8);
    CHECK(kinds.contains("timed_out"));
    CHECK_FALSE(kinds.contains("unknown"));
    for (int i = 0; i <= static_cast<int>(carillon::cancel_reason::lost_lease); ++i)
      reasons.insert(name(static_cast<carillon::cancel_reason>(i)));
    CHECK(reasons.size() == 7);
    CHECK_FALSE(reasons.contains("unknown"));
  }
}
