#include <spdlog/spdlog.h>
#include <carillon/job/run_log.hpp>

#include <utility>

namespace carillon {

namespace {

thread_local const log_fields* fields_of_this_line = nullptr;

}  // namespace

const log_fields* current_log_fields() noexcept { return fields_of_this_line; }

int run_log::least_level() const noexcept {
  const auto* logger = context_->logger ? context_->logger : spdlog::default_logger_raw();
  return logger ? static_cast<int>(logger->level()) : static_cast<int>(spdlog::level::off);
}

void run_log::write(level severity, fmt::string_view words, fmt::format_args args) const {
  auto* logger = context_->logger ? context_->logger : spdlog::default_logger_raw();
  const auto at = static_cast<spdlog::level::level_enum>(severity);
  if (!logger || !logger->should_log(at)) return;
  fmt::memory_buffer line;
  fmt::format_to(fmt::appender(line), "{}[{}]", *context_->job, context_->id);
  if (context_->attempt > 1) fmt::format_to(fmt::appender(line), ", attempt {}", context_->attempt);
  fmt::format_to(fmt::appender(line), ": ");
  const auto prefix = line.size();
  fmt::vformat_to(fmt::appender(line), words, args);

  log_fields fields;
  fields.job = *context_->job;
  fields.run = context_->id;
  fields.attempt = context_->attempt;
  fields.words = {line.data() + prefix, line.size() - prefix};
  const auto* outer = std::exchange(fields_of_this_line, &fields);  // A sink may log, too.
  logger->log(at, spdlog::string_view_t{line.data(), line.size()});
  fields_of_this_line = outer;
}

}  // namespace carillon
