#include <fmt/format.h>
#include <carillon/job/job_builder.hpp>
#include <carillon/trigger/builder.hpp>

#include <stdexcept>

namespace carillon {

job_builder::job_builder(std::string id) : id_{std::move(id)} {
  if (const auto fault = fault_of_id(id_)) throw std::invalid_argument(*fault);
}

job_builder& job_builder::when(schedule fires) {
  when_ = std::move(fires.when);
  schedule_tags_ = std::move(fires.tags);
  return *this;
}

job_builder& job_builder::when(std::string_view schedule_text) {
  return when(schedule{parse_trigger(schedule_text).value()});
}

job_builder& job_builder::every(milliseconds elapsed) { return when(carillon::every(elapsed)); }

job_builder& job_builder::at(instant time) { return when(carillon::at(time)); }

job_builder& job_builder::after(std::string_view job, on_end ends) {
  const auto follows = carillon::after(job, ends);
  when_ = when_ ? *when_ || follows : follows;
  return *this;
}

job_builder& job_builder::first_time(instant time) {
  first_time_ = time;
  return *this;
}

job_builder& job_builder::task(std::string_view name) {
  task_ = name;
  return *this;
}

job_builder& job_builder::args_json(std::string_view array) {
  arguments_ = detail::write_arguments(detail::parse_arguments(array));
  return *this;
}

job_builder& job_builder::options(job_options all) {
  options_ = std::move(all);
  return *this;
}

job_builder& job_builder::priority(std::int32_t higher_first) {
  options_.priority = higher_first;
  return *this;
}
job_builder& job_builder::max_instances(std::uint32_t runs) {
  options_.max_instances = runs;
  return *this;
}

job_builder& job_builder::on_overlap(overlap_action action) {
  options_.on_overlap = action;
  return *this;
}

job_builder& job_builder::queue(std::uint32_t places) {
  options_.queue_limit = places;
  return on_overlap(overlap_action::queue);
}

job_builder& job_builder::coalesce(coalesce_policy policy) {
  options_.coalesce = policy;
  return *this;
}

job_builder& job_builder::catch_up(std::uint32_t most) {
  options_.catch_up = most;
  return coalesce(coalesce_policy::all);
}

job_builder& job_builder::misfire_grace(std::optional<milliseconds> grace) {
  options_.misfire_grace = grace;
  return *this;
}

job_builder& job_builder::timeout(milliseconds of_one_attempt) {
  options_.timeout = of_one_attempt;
  return *this;
}

job_builder& job_builder::retry(retry_policy policy) {
  options_.retry = std::move(policy);
  return *this;
}

job_builder& job_builder::pause_after(std::uint32_t failed_runs) {
  options_.pause_after = failed_runs;
  return *this;
}

job_builder& job_builder::on_lost(lost_action action) {
  options_.on_lost = action;
  return *this;
}

job_builder& job_builder::keep_result(milliseconds time) {
  options_.keep_result = time;
  return *this;
}

job_builder& job_builder::carries(bool data) {
  options_.carries = data;
  return *this;
}

job_builder& job_builder::keep(bool when_ended) {
  options_.keep = when_ended;
  return *this;
}

job_builder& job_builder::executor(std::string name) {
  options_.executor = std::move(name);
  return *this;
}

job_builder& job_builder::group(std::string name) {
  options_.group = std::move(name);
  return *this;
}

job_builder& job_builder::description(std::string words) {
  options_.description = std::move(words);
  return *this;
}

job_builder& job_builder::tag(std::string label) {
  options_.tags.push_back(std::move(label));
  return *this;
}

job_builder& job_builder::metadata(std::string key, std::string value) {
  options_.metadata.insert_or_assign(std::move(key), std::move(value));
  return *this;
}

job_definition job_builder::build() const {
  if (!when_) {
    throw std::invalid_argument(fmt::format(
        "job '{}' does not say when it fires: give it every(…), at(…), after(…) or when(…)", id_));
  }
  auto options = options_;
  options.tags.insert(options.tags.end(), schedule_tags_.begin(), schedule_tags_.end());
  job_definition made{id_, *when_, {}, arguments_, default_options(), first_time_, {}};
  if (task_ != id_) made.task = task_;
  made.options = intern(options);
  return made;
}

}  // namespace carillon
