#include "carillon/log.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <boost/json/serialize.hpp>
#include <carillon/job/run_log.hpp>
#include <carillon/time/timestamp.hpp>

#include <array>
#include <limits>
#include <utility>

#include "carillon/diagnostic.hpp"

namespace carillon::app {
namespace {

// Fields of the line that this thread is logging, on their way past spdlog to the formatter.
thread_local const boost::json::object* event_fields = nullptr;

spdlog::level::level_enum to_spdlog(log_level level) {
  static constexpr std::array levels{spdlog::level::trace, spdlog::level::debug, spdlog::level::info,
                                     spdlog::level::warn,  spdlog::level::err,   spdlog::level::off};
  return levels[static_cast<std::size_t>(level)];
}

log_level from_spdlog(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace: return log_level::trace;
    case spdlog::level::debug: return log_level::debug;
    case spdlog::level::info: return log_level::info;
    case spdlog::level::warn: return log_level::warn;
    default: return log_level::error;
  }
}

constexpr std::string_view clear_line = "\033[K";

std::string_view colour_of(log_level level) {
  static constexpr std::array<std::string_view, 6> codes{"\033[2m",  "\033[2m",  "\033[32m",
                                                         "\033[33m", "\033[31m", ""};
  return codes[static_cast<std::size_t>(level)];
}

// "2026-03-30 09:00:00.042": the zone is the daemon's, and said once, at its start.
std::string time_for_people(instant time, const zone& where) {
  auto text = format_instant(time, where);
  constexpr std::size_t date_end = 10, seconds_end = 19;
  if (text.size() < seconds_end) return text;
  text[date_end] = ' ';
  const bool has_fraction = text.size() > seconds_end && text[seconds_end] == '.';
  return has_fraction ? text.substr(0, seconds_end + 4) : text.substr(0, seconds_end) + ".000";
}

std::string json_line(const log_style& style, instant time, std::string_view level, std::string_view words,
                      const boost::json::object& fields) {
  boost::json::object line;
  line["time"] = format_instant(time, style.where);
  line["level"] = level;
  for (const auto& [name, value] : fields)
    line[name] = value.is_string() ? boost::json::value(in_utf8(value.get_string())) : value;
  if (!line.contains("message")) line["message"] = in_utf8(words);
  return boost::json::serialize(line) + "\n";
}

boost::json::object fields_of_run(const log_fields& run) {
  boost::json::object fields;
  if (!run.job.empty()) fields["job"] = run.job;
  if (!run.run.empty()) fields["run"] = run.run;
  if (run.attempt != 0) fields["attempt"] = run.attempt;
  fields["message"] = run.words;
  return fields;
}

class line_formatter final : public spdlog::formatter {
 public:
  explicit line_formatter(log_style style) : style_(style) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto time = std::chrono::floor<milliseconds>(message.time);
    const std::string_view words{message.payload.data(), message.payload.size()};
    const auto* run = current_log_fields();
    const auto fields = event_fields != nullptr ? *event_fields
                        : run != nullptr        ? fields_of_run(*run)
                                                : boost::json::object{};
    if (style_.over_progress) out.append(clear_line.data(), clear_line.data() + clear_line.size());
    const auto line = format_line(style_, time, from_spdlog(message.level), words, fields);
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<line_formatter>(style_);
  }

 private:
  log_style style_;
};

// Hands on what runs say, and errors.
class sifting_sink final : public spdlog::sinks::sink {
 public:
  explicit sifting_sink(spdlog::sink_ptr next) : next_(std::move(next)) {}

  void log(const spdlog::details::log_msg& message) override {
    if (current_log_fields() != nullptr || message.level >= spdlog::level::err) next_->log(message);
  }
  void flush() override { next_->flush(); }
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  spdlog::sink_ptr next_;
};

}  // namespace

std::shared_ptr<spdlog::logger> make_scheduler_log(const std::shared_ptr<spdlog::logger>& log) {
  auto sifted =
      std::make_shared<spdlog::logger>("scheduler", std::make_shared<sifting_sink>(log->sinks().front()));
  sifted->set_level(log->level());
  return sifted;
}

std::string format_line(const log_style& style, instant time, log_level level, std::string_view words,
                        const boost::json::object& fields) {
  const auto name = log_level_names()[static_cast<std::size_t>(level)];
  if (style.format == log_format::json) return json_line(style, time, name, words, fields);
  const auto when = time_for_people(time, style.where);
  const auto said = shown(words, std::numeric_limits<std::size_t>::max());
  if (!style.colour) return fmt::format("{} {:<5} {}\n", when, name, said);
  return fmt::format("\033[2m{}\033[0m {}{:<5}\033[0m {}\n", when, colour_of(level), name, said);
}

std::shared_ptr<spdlog::logger> make_log(const log_style& style) {
  spdlog::sink_ptr sink = std::make_shared<spdlog::sinks::stdout_sink_mt>();
  if (style.to_errors) sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  sink->set_formatter(std::make_unique<line_formatter>(style));
  auto log = std::make_shared<spdlog::logger>("carillon", std::move(sink));
  log->set_level(to_spdlog(style.level));
  return log;
}

void log_event(spdlog::logger& log, const event& what, const zone& where) {
  const auto line = describe(what, where);
  if (!log.should_log(to_spdlog(line.level))) return;
  event_fields = &line.fields;
  log.log(to_spdlog(line.level), "{}", line.words);
  event_fields = nullptr;
}

}  // namespace carillon::app
