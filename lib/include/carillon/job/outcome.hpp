#pragma once
#include <carillon/time/instant.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace carillon {

/// How an occurrence ended.
enum class outcome_kind : std::uint8_t {
  succeeded,
  failed,
  timed_out,
  cancelled,
  lost,       ///< The instance that ran it died.
  missed,     ///< Nobody ran it in time.
  skipped,    ///< Left out on purpose; the message says why (overlap, paused, skip_next).
  coalesced,  ///< Another occurrence ran in its place.
};

std::string_view name(outcome_kind kind) noexcept;

/// Why a run was asked to stop. `run::cancel_reason()` tells the body.
enum class cancel_reason : std::uint8_t { none, timeout, overlap, shutdown, removed, user, lost_lease };

std::string_view name(cancel_reason reason) noexcept;

/// The most bytes that are kept of a message, and of what `run::note` says.
inline constexpr std::size_t longest_text = 65'536;

/// How an attempt ended.
struct outcome {
  outcome_kind kind = outcome_kind::succeeded;
  cancel_reason reason = cancel_reason::none;  ///< Of timed_out and cancelled.
  bool permanent = false;                      ///< Trying again is pointless, whatever the policy says.
  /// The failure's name, for `retry_policy::only`: "exit:75", "system:111", "exception", "timed_out" (always,
  /// when the kind says so), or `failure::name()`.
  std::string failure;
  std::string message;  ///< For people: what the exception said; of skipped, why.
  /// What a failure asks for: the next attempt, if there is one, comes no sooner. Not kept in the ledger.
  std::optional<milliseconds> retry_after{};

  /// Whether it counts as a failure of the job: failed or timed_out.
  bool is_failure() const noexcept { return kind == outcome_kind::failed || kind == outcome_kind::timed_out; }
  friend bool operator==(const outcome&, const outcome&) = default;
};

/// Thrown by a body to fail its run with a name that a retry policy can tell apart.
class failure : public std::runtime_error {
 public:
  failure(std::string name, const std::string& message, bool permanent = false,
          std::optional<milliseconds> retry_after = std::nullopt)
      : std::runtime_error(message),
        name_(std::move(name)),
        permanent_(permanent),
        retry_after_(retry_after) {}
  const std::string& name() const noexcept { return name_; }
  /// Whether trying again is pointless, whatever the policy says.
  bool permanent() const noexcept { return permanent_; }
  /// How long what failed wants to be left alone before the next attempt; none: as the policy says.
  std::optional<milliseconds> retry_after() const noexcept { return retry_after_; }

 private:
  std::string name_;
  bool permanent_;
  std::optional<milliseconds> retry_after_;
};

/// The outcome of a body that threw: failed, with the exception's name and words. Null: succeeded.
///
/// A `failure` has its own name; an error code is "CATEGORY:VALUE", where the codes of the operating system
/// are "system:" in either library's category; everything else is "exception". Of what cannot be read (no
/// memory, words that throw) there are words of our own: the end of a run does not depend on what was thrown.
/// Texts are made UTF-8, with U+FFFD for each byte that is none, and cut between characters after
/// `longest_text` bytes: no store changes them further.
outcome outcome_of(const std::exception_ptr& thrown) noexcept;

}  // namespace carillon
