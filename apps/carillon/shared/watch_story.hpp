#pragma once
#include <carillon/redis/inspection.hpp>
#include <carillon/store/member.hpp>
#include <carillon/time/zone.hpp>

#include <boost/json/object.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/// One thing that happened, as `carillon watch` tells it.
struct watch_line {
  instant at{};
  instant place{};             ///< Among others: `at`, but not before what it follows from, by another clock.
  std::string words;           ///< "backup[k3f9-7]: started on cellar, 4 ms late"
  boost::json::object fields;  ///< event, job, run, instance, …; "message" is what `words` says.

  /// "2026-03-27 09:30:00.004  " and the words.
  std::string to_string(const zone& where) const;
  std::string to_json(const zone& where) const;
};

/// Makes lines of looks: of each run its start and its end, of each fire that did not run why, and who comes
/// and goes; each once, however the looks fall. A run that began and ended between two looks has both lines,
/// and no attempt stands before the end of the one before it.
class watch_story {
 public:
  /// Of one of so many `partitions`.
  std::vector<watch_line> take(std::uint32_t partition, const redis::partition_news& news,
                               std::uint32_t partitions);
  std::vector<watch_line> take(const members_answer& answer);

  /// Another store has taken the place of this one: what was known of runs is no more.
  void forget_runs() { partitions_.clear(); }

 private:
  using runs_by_fence = std::map<std::uint64_t, active_record>;
  std::map<std::uint32_t, runs_by_fence> partitions_;
  std::map<std::string, member_info> members_;
  bool knows_members_ = false;
};

/// Of the watching itself: "store_lost", "store_back", "store_replaced".
watch_line line_about_store(instant at, std::string_view event, std::string_view words);

/// Puts lines in the order of their places; those of one place stay in theirs.
void sort_lines(std::vector<watch_line>& lines);

}  // namespace carillon::app
