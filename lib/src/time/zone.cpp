#include <cctz/time_zone.h>

#include <algorithm>
#include <carillon/time/zone.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "time/zone_names.hpp"
#include "time/zone_table.hpp"

namespace carillon {

struct zone::rep {
  std::string name;
  zone_table table;
};

namespace {

using cctz_time = cctz::time_point<cctz::seconds>;

milliseconds offset_in(const cctz::time_zone& source, cctz_time time) {
  return std::chrono::seconds{source.lookup(time).offset};
}

/// All changes of offset that cctz tells of.
zone_table read_table(const cctz::time_zone& source) {
  std::vector<zone_table::change> changes;
  auto time =
      std::chrono::time_point_cast<cctz::seconds>(std::chrono::floor<cctz::seconds>(earliest_instant));
  const auto first_offset = offset_in(source, time);
  auto offset = first_offset;
  cctz::time_zone::civil_transition transition;
  while (source.next_transition(time, &transition)) {
    time = source.lookup(transition.to).trans;
    const auto after = offset_in(source, time);
    if (after != offset) changes.push_back({instant{time.time_since_epoch()}, after});
    offset = after;
  }
  // cctz follows a rule for the future through 400 years; what is written out ends before 2100.
  constexpr instant rule_reaches{std::chrono::sys_days{std::chrono::year{2300} / 1 / 1}};
  const bool repeats = !changes.empty() && changes.back().time > rule_reaches;
  return {first_offset, changes, repeats};
}

parse_error unknown(std::string_view name) {
  return {"'" + std::string{name} + "': no such time zone", 0, hint_for_zone(name)};
}

/// The zone that a path into a zone folder leads to, if it does.
std::optional<zone> zone_of_path(std::string_view path) {
  constexpr std::string_view folder = "zoneinfo/";
  const auto at = path.find(folder);
  if (at == std::string_view::npos) return std::nullopt;
  const auto found = zone::find(path.substr(at + folder.size()));
  return found ? std::optional{*found} : std::nullopt;
}

}  // namespace

parse_result<zone> zone::find(std::string_view name) {
  static std::mutex mutex;
  static auto& known =
      *new std::unordered_map<std::string, std::unique_ptr<const rep>>;  // zones outlive every static
  if (name == "UTC") return zone{};
  if (!looks_like_zone_name(name)) return unknown(name);
  const std::lock_guard lock(mutex);
  std::string key{name};
  if (const auto found = known.find(key); found != known.end()) return zone{found->second.get()};
  cctz::time_zone source;
  if (!cctz::load_time_zone(key, &source)) return unknown(name);
  const auto [entry, added] =
      known.emplace(key, std::unique_ptr<const rep>(new rep{key, read_table(source)}));
  return zone{entry->second.get()};
}

zone::zone() noexcept {
  static const rep& utc = *new rep{"UTC", zone_table({}, {}, false)};
  rep_ = &utc;
}

zone zone::system() {
  if (const char* const named = std::getenv("TZ"); named != nullptr) {
    std::string_view name = named;
    if (name.starts_with(':')) name.remove_prefix(1);
    if (name.empty()) return {};
    if (const auto found = find(name)) return *found;
    if (const auto found = zone_of_path(name)) return *found;
  }
  std::error_code failed;
  const auto target = std::filesystem::canonical("/etc/localtime", failed);
  const auto link = std::filesystem::read_symlink("/etc/localtime", failed);
  if (const auto found = zone_of_path(link.generic_string())) return *found;
  if (const auto found = zone_of_path(target.generic_string())) return *found;
  std::string name;
  std::ifstream("/etc/timezone") >> name;
  const auto found = find(name);
  return found ? *found : zone{};
}

std::string_view zone::name() const noexcept { return rep_->name; }

offset_span zone::span_at(instant time) const noexcept { return rep_->table.span_at(time); }

std::chrono::seconds zone::offset(instant time) const noexcept {
  return std::chrono::duration_cast<std::chrono::seconds>(span_at(time).offset);
}

wall_time zone::to_wall(instant time) const noexcept {
  return wall_time{time.time_since_epoch() + span_at(time).offset};
}

wall_lookup zone::lookup(wall_time wall) const noexcept {
  const auto read = [wall](milliseconds offset) { return instant{wall.time_since_epoch() - offset}; };
  for (auto span = span_at(read(std::chrono::hours{26}));; span = span_at(span.end)) {
    const auto by_this = read(span.offset);
    const auto by_next = read(span.offset_after);
    if (by_this < span.end) {
      if (by_next < span.end) return {wall_kind::unique, by_this, by_this, by_this};
      return {wall_kind::overlap, by_this, by_next, span.end};
    }
    if (by_next < span.end) return {wall_kind::gap, by_this, by_next, span.end};
    if (span.end > latest_instant) return {wall_kind::unique, by_this, by_this, by_this};
  }
}

std::optional<instant> zone::next_change(instant time) const noexcept {
  const auto change = span_at(time).end;
  return change <= latest_instant ? std::optional{change} : std::nullopt;
}

std::optional<instant> zone::previous_change(instant time) const noexcept {
  const auto change = span_at(time - milliseconds{1}).begin;
  return change >= earliest_instant ? std::optional{change} : std::nullopt;
}

std::string zone_data_version() {
  std::string word, version;
  std::ifstream(zone_folder() + "/tzdata.zi") >> word >> word >> version;  // "# version 2025b"
  if (word == "version" && !version.empty()) return version;
  std::ifstream(zone_folder() + "/+VERSION") >> version;
  return version.empty() ? "unknown" : version;
}

}  // namespace carillon
