#include "carillon/ledger_words.hpp"

#include <fmt/format.h>
#include <carillon/time/duration.hpp>
#include <carillon/time/timestamp.hpp>

#include "carillon/diagnostic.hpp"
#include "carillon/spoken.hpp"

namespace carillon::app {
namespace {

// " in 2 s on cellar, 4 ms late (attempt 1, run k3f9-7, fence 17)"
std::string circumstances(const ledger_entry& entry) {
  std::string words;
  if (entry.started && entry.finished) words += " in " + spoken(*entry.finished - *entry.started);
  if (!entry.instance.empty()) words += " on " + entry.instance;
  if (entry.due && entry.started) {
    const auto late = *entry.started - *entry.due;
    words += late < milliseconds{1} ? ", on time" : fmt::format(", {} late", spoken(late));
  }
  if (!entry.run.empty())
    words += fmt::format(" (attempt {}, run {}, fence {})", entry.attempt, entry.run, entry.fence);
  return words;
}

std::string with_message(std::string words, const ledger_entry& entry) {
  const auto message = short_message(entry.result.message);
  return message.empty() ? words : words + ": " + message;
}

std::string lost_words(const ledger_entry& entry, const job_options* options) {
  auto words = fmt::format("it was lost: {} began it and is gone",
                           entry.instance.empty() ? "the instance that" : entry.instance);
  if (!entry.run.empty())
    words += fmt::format(" (attempt {}, run {}, fence {})", entry.attempt, entry.run, entry.fence);
  if (!entry.final) return words + "; by on_lost = \"rerun\" it runs again";
  const bool asked_to_rerun = options != nullptr && options->on_lost == lost_action::rerun;
  return asked_to_rerun ? words : words + "; by on_lost = \"skip\" it does not run again";
}

std::string missed_words(const ledger_entry& entry, const job_options* options, const zone& where) {
  std::string words = "it was missed: nobody ran it in time";
  if (entry.count > 1) {
    words = fmt::format("it was missed: nobody ran this job between {} and {} ({} fires)",
                        short_time(entry.first, where), short_time(entry.last, where), entry.count);
  }
  if (options != nullptr && options->misfire_grace)
    words += fmt::format("; later than misfire_grace ({}) a fire does not run",
                         format_duration(*options->misfire_grace));
  return words;
}

}  // namespace

std::optional<instant> time_of_revision(std::uint64_t revision) {
  constexpr std::uint64_t of_a_clock = 1'000'000'000'000'000;  // In 2001.
  if (revision < of_a_clock) return std::nullopt;
  return instant{milliseconds{static_cast<std::int64_t>(revision / 1'000)}};
}

std::string short_time(instant time, const zone& where) {
  auto text = format_instant(time, where);
  const auto point = text.find('.');
  text.resize(point == std::string::npos ? 19 : point + 4);
  text[10] = ' ';
  return text;
}

std::string short_message(std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  const auto first = message.substr(0, message.find('\n'));
  const auto last_break = message.rfind('\n');
  std::string words = shown(first, 200);
  if (last_break != std::string_view::npos) words += ": " + shown(message.substr(last_break + 1), 200);
  return words;
}

std::string skip_reason(std::string_view reason, const job_options* options) {
  if (reason == "overlap") {
    return options == nullptr ? "as many runs as allowed were active"
                              : fmt::format("as many runs were active as allowed (max_instances = {})",
                                            options->max_instances);
  }
  if (reason == "paused") return "the job was paused";
  if (reason == "skip_next") return "somebody asked to leave out this fire (jobs skip)";
  if (reason == "skip_at") return "somebody asked to leave out this fire (jobs skip --at)";
  if (reason == "cancelled")
    return "it waited, and somebody has cancelled what waited (jobs cancel --waiting)";
  if (reason == "rescheduled") return "the job was given another schedule before it ran";
  if (reason == "removed") return "the job was removed before it ran";
  return shown(reason, 200);
}

std::string sentence_of(const ledger_entry& entry, const job_options* options, const zone& where) {
  switch (entry.result.kind) {
    case outcome_kind::succeeded: return "it succeeded" + circumstances(entry);
    case outcome_kind::failed: return with_message("it failed" + circumstances(entry), entry);
    case outcome_kind::timed_out: return with_message("it timed out" + circumstances(entry), entry);
    case outcome_kind::cancelled:
      return with_message(
          fmt::format("it was cancelled ({}){}", name(entry.result.reason), circumstances(entry)), entry);
    case outcome_kind::lost: return lost_words(entry, options);
    case outcome_kind::missed: return missed_words(entry, options, where);
    case outcome_kind::skipped: return "it was skipped: " + skip_reason(entry.result.message, options);
    case outcome_kind::coalesced: {
      const auto into = entry.into ? short_time(*entry.into, where) : std::string{"another fire"};
      if (entry.count == 1) return fmt::format("one run stood for it and for others: that of {}", into);
      return fmt::format("{} fires from {} to {} had piled up, and one run stood for all: that of {}",
                         entry.count, short_time(entry.first, where), short_time(entry.last, where), into);
    }
  }
  return {};
}

}  // namespace carillon::app
