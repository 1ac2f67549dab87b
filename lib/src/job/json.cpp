#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/job/json.hpp>
#include <carillon/time/duration.hpp>
#include <carillon/time/timestamp.hpp>
#include <carillon/trigger/any_of.hpp>

#include <array>
#include <concepts>
#include <limits>
#include <utility>

namespace carillon {

namespace {

namespace json = boost::json;

template <typename Enum, std::size_t N>
using names_of = std::array<std::pair<std::string_view, Enum>, N>;

constexpr names_of<overlap_action, 3> overlap_names{{{"skip", overlap_action::skip},
                                                     {"queue", overlap_action::queue},
                                                     {"cancel_running", overlap_action::cancel_running}}};
constexpr names_of<coalesce_policy, 3> coalesce_names{{{"latest", coalesce_policy::latest},
                                                       {"earliest", coalesce_policy::earliest},
                                                       {"all", coalesce_policy::all}}};
constexpr names_of<lost_action, 2> lost_names{{{"skip", lost_action::skip}, {"rerun", lost_action::rerun}}};

template <typename Names, typename Enum>
std::string_view name_in(const Names& names, Enum value) {
  for (const auto& [word, one] : names) {
    if (one == value) return word;
  }
  return "";
}

/// Writes an object of which only members that differ from their defaults matter.
class writer {
 public:
  explicit writer(json::object& to) : to_{to} {}
  template <typename T>
  void put(std::string_view name, const T& value, const T& usual) {
    if (value != usual) to_[name] = json::value_from(value);
  }
  void put(std::string_view name, milliseconds value, milliseconds usual) {
    if (value != usual) to_[name] = format_duration(value);
  }
  void put(std::string_view name, const std::optional<milliseconds>& value,
           const std::optional<milliseconds>& usual) {
    if (value != usual) to_[name] = value ? json::value{format_duration(*value)} : json::value{nullptr};
  }
  template <typename Names, typename Enum>
  void put(std::string_view name, Enum value, Enum usual, const Names& names) {
    if (value != usual) to_[name] = name_in(names, value);
  }

 private:
  json::object& to_;
};

/// Thrown and caught within this file: what is wrong with which member.
struct misfit {
  parse_error why;
};

[[noreturn]] void refuse(std::string_view member, std::string_view what) {
  throw misfit{{std::string{member} + ": " + std::string{what}, 0, ""}};
}

/// Reads the members of an object, each by its path, and refuses those that nobody has asked for.
class reader {
 public:
  reader(const json::value& from, std::string path) : path_{std::move(path)} {
    if (!from.is_object()) refuse(path_.empty() ? "job" : path_, "an object is expected");
    from_ = &from.get_object();
  }

  const json::value* find(std::string_view name) {
    known_.push_back(name);
    return from_->if_contains(name);
  }
  std::string path(std::string_view name) const {
    return path_.empty() ? std::string{name} : path_ + "." + std::string{name};
  }

  void read(std::string_view name, std::string& to) {
    if (const auto* value = find(name)) to = text(name, *value);
  }
  void read(std::string_view name, bool& to) {
    const auto* value = find(name);
    if (!value) return;
    if (!value->is_bool()) refuse(path(name), "true or false is expected");
    to = value->get_bool();
  }
  template <std::integral Number>
  void read(std::string_view name, Number& to) {
    const auto* value = find(name);
    if (!value) return;
    const auto number = value->try_to_number<Number>();
    if (!number || value->is_double())
      refuse(path(name), "a whole number is expected, not " + json::serialize(*value));
    to = *number;
  }
  void read(std::string_view name, milliseconds& to) {
    if (const auto* value = find(name)) to = duration(name, *value);
  }
  void read(std::string_view name, std::optional<milliseconds>& to) {
    const auto* value = find(name);
    if (!value) return;
    to = value->is_null() ? std::nullopt : std::optional{duration(name, *value)};
  }
  void read(std::string_view name, std::vector<std::string>& to) {
    const auto* value = find(name);
    if (!value) return;
    if (!value->is_array()) refuse(path(name), "a list of texts is expected");
    to.clear();
    for (const auto& one : value->get_array()) to.push_back(text(name, one));
  }
  void read(std::string_view name, std::map<std::string, std::string>& to) {
    const auto* value = find(name);
    if (!value) return;
    if (!value->is_object()) refuse(path(name), "an object of texts is expected");
    to.clear();
    for (const auto& [key, one] : value->get_object()) to[key] = text(name, one);
  }
  template <typename Enum, std::size_t N>
  void read(std::string_view name, Enum& to, const names_of<Enum, N>& names) {
    const auto* value = find(name);
    if (!value) return;
    const auto word = text(name, *value);
    std::string allowed;
    for (const auto& [known, one] : names) {
      if (word == known) return void(to = one);
      allowed += (allowed.empty() ? "" : ", ") + std::string{known};
    }
    refuse(path(name), "'" + word + "' is not one of " + allowed);
  }

  /// Refuses members that nobody has asked for.
  void close() const {
    for (const auto& member : *from_) {
      if (std::ranges::find(known_, std::string_view{member.key()}) == known_.end()) {
        refuse(path(member.key()), "there is no such member");
      }
    }
  }

  std::string text(std::string_view name, const json::value& value) const {
    if (!value.is_string()) refuse(path(name), "a text is expected, not " + json::serialize(value));
    return std::string{std::string_view{value.get_string()}};
  }

 private:
  milliseconds duration(std::string_view name, const json::value& value) const {
    const auto read = parse_duration(text(name, value));
    if (!read) refuse(path(name), read.error().to_string());
    return *read;
  }

  const json::object* from_ = nullptr;
  std::string path_;
  std::vector<std::string_view> known_;
};

retry_policy read_retry(const json::value& from, std::string path) {
  retry_policy retry;
  reader in{from, std::move(path)};
  in.read("attempts", retry.attempts);
  in.read("backoff_min", retry.backoff_min);
  in.read("backoff_max", retry.backoff_max);
  in.read("only", retry.only);
  in.read("never", retry.never);
  in.close();
  return retry;
}

job_options read_options(const json::value& from) {
  job_options options;
  reader in{from, "options"};
  in.read("max_instances", options.max_instances);
  in.read("on_overlap", options.on_overlap, overlap_names);
  in.read("queue_limit", options.queue_limit);
  in.read("coalesce", options.coalesce, coalesce_names);
  in.read("catch_up", options.catch_up);
  in.read("misfire_grace", options.misfire_grace);
  in.read("timeout", options.timeout);
  if (const auto* retry = in.find("retry")) options.retry = read_retry(*retry, in.path("retry"));
  in.read("pause_after", options.pause_after);
  in.read("on_lost", options.on_lost, lost_names);
  in.read("priority", options.priority);
  in.read("keep_result", options.keep_result);
  in.read("carries", options.carries);
  in.read("keep", options.keep);
  in.read("executor", options.executor);
  in.read("group", options.group);
  in.read("description", options.description);
  in.read("tags", options.tags);
  in.read("metadata", options.metadata);
  in.close();
  try {
    check(options);
  } catch (const std::invalid_argument& why) {
    throw misfit{{"options." + std::string{why.what()}, 0, ""}};
  }
  return options;
}

trigger read_schedule(reader& in) {
  const auto* schedule = in.find("schedule");
  if (!schedule) refuse("schedule", "is missing");
  if (!schedule->is_array()) {
    auto when = parse_trigger(in.text("schedule", *schedule));
    if (when) return *std::move(when);
    auto why = when.error();
    why.message = "schedule: " + why.message;
    throw misfit{std::move(why)};
  }
  std::vector<std::string> all;
  in.read("schedule", all);
  std::size_t faulty = 0;
  auto when = parse_any_of(all, &faulty);
  if (when) return *std::move(when);
  auto why = when.error();
  why.message = "schedule[" + std::to_string(faulty) + "]: " + why.message;
  throw misfit{std::move(why)};
}

std::optional<instant> read_first_time(reader& in) {
  const auto* value = in.find("first_time");
  if (!value) return std::nullopt;
  const auto time = parse_timestamp(in.text("first_time", *value));
  if (!time) refuse("first_time", time.error().to_string());
  return time->in(zone{});
}

job_definition read_job(const json::value& from) {
  reader in{from, ""};
  job_definition job{{}, read_schedule(in), {}, {}, default_options(), {}, {}};
  std::string task, origin;
  in.read("id", job.id);
  in.read("task", task);
  in.read("origin", origin);
  job.task = task;
  job.origin = origin;
  if (const auto* arguments = in.find("arguments")) {
    if (!arguments->is_array()) refuse("arguments", "a list is expected, one element an argument");
    job.arguments = json::serialize(*arguments);
  }
  job.first_time = read_first_time(in);
  if (const auto* options = in.find("options")) job.options = intern(read_options(*options));
  in.close();
  if (const auto fault = fault_of_id(job.id)) refuse("id", *fault);
  return job;
}

/// Text that is no JSON is kept as it is: a definition must not be lost because nobody checked its arguments.
json::value json_or_text(std::string_view text) {
  boost::system::error_code failed;
  auto value = json::parse(text, failed);
  return failed ? json::value{text} : value;
}

}  // namespace

json::object to_json(const job_options& options) {
  const job_options usual;
  json::object all;
  writer out{all};
  out.put("max_instances", options.max_instances, usual.max_instances);
  out.put("on_overlap", options.on_overlap, usual.on_overlap, overlap_names);
  out.put("queue_limit", options.queue_limit, usual.queue_limit);
  out.put("coalesce", options.coalesce, usual.coalesce, coalesce_names);
  out.put("catch_up", options.catch_up, usual.catch_up);
  out.put("misfire_grace", options.misfire_grace, usual.misfire_grace);
  out.put("timeout", options.timeout, usual.timeout);
  json::object retry;
  writer again{retry};
  again.put("attempts", options.retry.attempts, usual.retry.attempts);
  again.put("backoff_min", options.retry.backoff_min, usual.retry.backoff_min);
  again.put("backoff_max", options.retry.backoff_max, usual.retry.backoff_max);
  again.put("only", options.retry.only, usual.retry.only);
  again.put("never", options.retry.never, usual.retry.never);
  if (!retry.empty()) all["retry"] = std::move(retry);
  out.put("pause_after", options.pause_after, usual.pause_after);
  out.put("on_lost", options.on_lost, usual.on_lost, lost_names);
  out.put("priority", options.priority, usual.priority);
  out.put("keep_result", options.keep_result, usual.keep_result);
  out.put("carries", options.carries, usual.carries);
  out.put("keep", options.keep, usual.keep);
  out.put("executor", options.executor, usual.executor);
  out.put("group", options.group, usual.group);
  out.put("description", options.description, usual.description);
  out.put("tags", options.tags, usual.tags);
  out.put("metadata", options.metadata, usual.metadata);
  return all;
}

json::object to_json(const job_definition& job) {
  json::object all;
  all["id"] = job.id;
  all["schedule"] = job.when.text();
  if (job.task_name() != job.id) all["task"] = job.task.str();
  if (!job.arguments.empty()) all["arguments"] = json_or_text(job.arguments.str());
  if (job.first_time) all["first_time"] = format_instant(*job.first_time, zone{});
  auto options = to_json(*job.options);
  if (!options.empty()) all["options"] = std::move(options);
  if (!job.origin.empty()) all["origin"] = job.origin.str();
  return all;
}

parse_result<job_options> options_from_json(const json::value& text) try {
  return read_options(text);
} catch (const misfit& found) {
  return found.why;
}

parse_result<job_definition> job_from_json(const json::value& text) try {
  return read_job(text);
} catch (const misfit& found) {
  return found.why;
}

}  // namespace carillon
