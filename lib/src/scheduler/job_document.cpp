#include "scheduler/job_document.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/stream_parser.hpp>
#include <carillon/job/json.hpp>
#include <carillon/job/run.hpp>
#include <carillon/time/timestamp.hpp>
#include <initializer_list>
#include <set>
#include <stdexcept>

#include "job/json_text.hpp"
#include "scheduler/skip_limits.hpp"

namespace carillon {

namespace {

namespace json = boost::json;

constexpr std::string_view format_name = "carillon-jobs";
constexpr std::int64_t format_number = 1;

std::string in_utc(instant time) { return format_instant(time, zone{}); }

json::object object_of(const job_record& job) {
  json::object all{{"definition", to_json(*job.definition)}, {"state", name(job.state)}};
  if (!job.note.empty()) all["note"] = job.note;
  all["zone"] = job.where.name();
  if (job.anchor) all["anchor"] = in_utc(*job.anchor);
  if (job.cursor) {
    all["next"] = in_utc(*job.cursor);
    if (job.due != *job.cursor) all["due"] = in_utc(job.due);
  }
  if (job.skip_next > 0) all["skip_next"] = job.skip_next;
  json::array times;
  for (const auto time : times_ahead(job)) times.emplace_back(in_utc(time));
  if (!times.empty()) all["skip_at"] = std::move(times);
  if (!job.carried.empty()) all["carried"] = json_in(job.carried).value_or(json::value(job.carried));
  return all;
}

/// Thrown and caught within this file: what is wrong with one job.
struct document_fault {
  std::string why;
};

[[noreturn]] void refuse_member(std::string_view member, std::string_view why) {
  throw document_fault{fmt::format("{}: {}", member, why)};
}

[[noreturn]] void refuse_document(const std::string& why) {
  throw std::invalid_argument("this is no document of jobs: " + why);
}

std::string member_text(std::string_view member, const json::value& value) {
  if (!value.is_string()) refuse_member(member, "a text is expected, not " + json::serialize(value));
  return std::string{std::string_view{value.get_string()}};
}

instant time_in(std::string_view member, const json::value& value) {
  const auto read = parse_timestamp(member_text(member, value));
  if (!read) refuse_member(member, read.error().to_string());
  return read->in(zone{});
}

std::optional<instant> member_time(const json::object& all, std::string_view member) {
  const auto* value = all.if_contains(member);
  return value ? std::optional{time_in(member, *value)} : std::nullopt;
}

job_state state_of(const json::object& all) {
  const auto* value = all.if_contains("state");
  if (!value) return job_state::active;
  const auto word = member_text("state", *value);
  for (const auto state : {job_state::active, job_state::paused, job_state::ended}) {
    if (word == name(state)) return state;
  }
  refuse_member("state", fmt::format("'{}' is not one of active, paused, ended", word));
}

std::uint32_t skip_next_of(const json::object& all) {
  const auto* value = all.if_contains("skip_next");
  if (!value) return 0;
  const auto number = value->try_to_number<std::uint32_t>();
  if (!number || value->is_double() || *number > most_skips)
    refuse_member("skip_next",
                  fmt::format("{} is not allowed; 0 to {}", json::serialize(*value), most_skips));
  return *number;
}

std::vector<instant> skip_at_of(const json::object& all) {
  std::vector<instant> times;
  const auto* value = all.if_contains("skip_at");
  if (!value) return times;
  if (!value->is_array()) refuse_member("skip_at", "a list of times is expected");
  for (const auto& each : value->get_array()) times.push_back(time_in("skip_at", each));
  if (times.size() > most_times_left_out)
    refuse_member("skip_at", fmt::format("{} times, and {} are the most there may be", times.size(),
                                         most_times_left_out));
  std::ranges::sort(times);
  const auto repeated = std::ranges::unique(times);
  times.erase(repeated.begin(), repeated.end());
  return times;
}

std::string carried_of(const json::object& all) {
  const auto* value = all.if_contains("carried");
  if (!value || value->is_null()) return {};
  if (is_too_deep(*value)) refuse_member("carried", too_deep);
  auto text = json::serialize(*value);
  if (text.size() > longest_value)
    refuse_member("carried", fmt::format("{} bytes as JSON, and {} are the most there may be", text.size(),
                                         longest_value));
  return text;
}

void refuse_unknown(const json::object& all) {
  constexpr std::array<std::string_view, 10> known{"definition", "state", "note",      "zone",    "anchor",
                                                   "next",       "due",   "skip_next", "skip_at", "carried"};
  for (const auto& member : all) {
    if (std::ranges::find(known, std::string_view{member.key()}) == known.end())
      refuse_member(member.key(), "there is no such member");
  }
}

/// Only what is wrong with a schedule has a place in its text.
std::string words_of(const parse_error& why) {
  return why.position == 0 && why.hint.empty() ? why.message : why.to_string();
}

void read_members(const json::value& from, documented_job& job) {
  if (!from.is_object()) throw document_fault{"an object is expected, not " + json::serialize(from)};
  const auto& all = from.get_object();
  const auto* definition = all.if_contains("definition");
  if (!definition) refuse_member("definition", "is missing");
  if (const auto* members = definition->if_object()) {  // Whose fault it is, if there is one.
    if (const auto* id = members->if_contains("id"); id && id->is_string() && !id->get_string().empty())
      job.id = std::string_view{id->get_string()};
  }
  auto read = job_from_json(*definition);
  if (!read) throw document_fault{words_of(read.error())};
  job.definition = std::make_shared<const job_definition>(*std::move(read));
  refuse_unknown(all);
  job.state = state_of(all);
  if (const auto* note = all.if_contains("note")) job.note = member_text("note", *note);
  if (const auto* value = all.if_contains("zone")) {
    const auto found = zone::find(member_text("zone", *value));
    if (!found) refuse_member("zone", found.error().to_string());
    job.where = *found;
  }
  job.anchor = member_time(all, "anchor");
  job.cursor = member_time(all, "next");
  job.due = member_time(all, "due");
  if (job.due && (!job.cursor || *job.due < *job.cursor)) refuse_member("due", "it must not be before next");
  job.skip_next = skip_next_of(all);
  job.skip_at = skip_at_of(all);
  job.carried = carried_of(all);
}

const json::array& jobs_in(const json::value& document) {
  if (!document.is_object()) refuse_document("it is not a JSON object");
  const auto& all = document.get_object();
  const auto* what = all.if_contains("format");
  if (!what || *what != json::value(format_name))
    refuse_document(
        fmt::format("its format is {}, not \"{}\"", what ? json::serialize(*what) : "missing", format_name));
  const auto* number = all.if_contains("version");
  if (!number || !number->is_int64() || number->get_int64() < 1) refuse_document("its version is no number");
  if (number->get_int64() > format_number) {
    refuse_document(fmt::format("it has version {}, and this program reads up to {}", number->get_int64(),
                                format_number));
  }
  const auto* jobs = all.if_contains("jobs");
  if (!jobs || !jobs->is_array()) refuse_document("it has no list of jobs");
  return jobs->get_array();
}

/// "1 line(s) down, 7 characters along", for people who edit documents.
std::string place_in(std::string_view text, std::size_t position) {
  const auto before = text.substr(0, position);
  const auto line = 1 + std::ranges::count(before, '\n');
  const auto start = before.rfind('\n');
  const auto column = start == std::string_view::npos ? before.size() + 1 : before.size() - start;
  return fmt::format("line {}, character {}", line, column);
}

/// Adds what differs between two objects, member by member.
void compare_members(const json::object& there, const json::object& wanted, const std::string& path,
                     std::vector<std::string>& found) {
  const auto words = [](const json::value* value) {
    return value ? json::serialize(*value) : std::string{"not there"};
  };
  const auto put = [&](std::string_view key, const json::value* before, const json::value* after) {
    if (before && after && before->is_object() && after->is_object())
      return compare_members(before->get_object(), after->get_object(), fmt::format("{}{}.", path, key),
                             found);
    found.push_back(fmt::format("{}{}: {}, was {}", path, key, words(after), words(before)));
  };
  for (const auto& member : wanted) {
    const auto* before = there.if_contains(member.key());
    if (!before || *before != member.value()) put(member.key(), before, &member.value());
  }
  for (const auto& member : there) {
    if (!wanted.contains(member.key())) put(member.key(), &member.value(), nullptr);
  }
}

/// Enough of it to recognise it.
std::string shown_data(const std::string& data) {
  constexpr std::size_t most = 60;
  if (data.empty()) return "nothing";
  return data.size() <= most ? data : fmt::format("{}… ({} bytes)", data.substr(0, most), data.size());
}

json::object comparable(const job_definition& definition) {
  auto all = to_json(definition);
  all.erase("origin");
  return all;
}

}  // namespace

std::string document_of(const std::vector<job_record>& jobs, instant now) {
  auto text = fmt::format("{{\"format\": \"{}\", \"version\": {}, \"exported\": \"{}\", \"jobs\": [",
                          format_name, format_number, in_utc(now));
  for (const auto& job : jobs) {
    text += &job == jobs.data() ? "\n  " : ",\n  ";
    text += json::serialize(object_of(job));
  }
  text += jobs.empty() ? "]}\n" : "\n]}\n";
  return text;
}

std::vector<documented_job> read_document(std::string_view text) {
  json::stream_parser reader{json::storage_ptr(), own_text()};
  boost::system::error_code failed;
  const auto read = reader.write_some(text, failed);
  if (!failed && !reader.done()) reader.finish(failed);
  if (failed) refuse_document(fmt::format("{} ({})", failed.message(), place_in(text, read)));
  if (text.find_first_not_of(" \t\r\n", read) != std::string_view::npos)
    refuse_document(fmt::format("something follows its end ({})", place_in(text, read)));
  const auto document = reader.release();
  std::vector<documented_job> jobs;
  std::set<std::string> ids;
  for (const auto& each : jobs_in(document)) {
    auto& job = jobs.emplace_back();
    job.id = fmt::format("jobs[{}]", jobs.size() - 1);
    try {
      read_members(each, job);
    } catch (const document_fault& found) {
      job.fault = found.why;
    }
    if (job.definition && !ids.insert(job.id).second)
      refuse_document(fmt::format("job '{}' is there twice", job.id));
  }
  return jobs;
}

std::string difference(const job_record& there, const documented_job& wanted) {
  std::vector<std::string> found;
  compare_members(comparable(*there.definition), comparable(*wanted.definition), "", found);
  const bool was_paused = there.state == job_state::paused, is_paused = wanted.state == job_state::paused;
  if (was_paused != is_paused)
    found.emplace_back(is_paused ? "paused, was active" : "active, was paused");
  else if (is_paused && there.note != wanted.note)
    found.push_back(fmt::format("note: '{}', was '{}'", wanted.note, there.note));
  if (there.skip_next != wanted.skip_next)
    found.push_back(fmt::format("skip_next: {}, was {}", wanted.skip_next, there.skip_next));
  const auto times = times_ahead(there);
  auto wanted_times = wanted.skip_at;
  if (there.cursor) std::erase_if(wanted_times, [&](instant time) { return time < *there.cursor; });
  if (times != wanted_times)
    found.push_back(fmt::format("skip_at: {} times, was {}", wanted_times.size(), times.size()));
  if (there.carried != wanted.carried)
    found.push_back(
        fmt::format("carried: {}, was {}", shown_data(wanted.carried), shown_data(there.carried)));
  std::string words;
  for (const auto& one : found) words += (words.empty() ? "" : "; ") + one;
  return words;
}

}  // namespace carillon
