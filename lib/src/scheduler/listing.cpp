// Jobs as a table for people.

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <carillon/time/timestamp.hpp>
#include <map>
#include <ostream>
#include <vector>

#include "scheduler/engine_parts.hpp"

namespace carillon {

namespace {

constexpr std::size_t entries_read = 10'000;
constexpr std::size_t longest_cell = 60;
constexpr std::size_t columns = 8;
using row = std::array<std::string, columns>;

/// How many characters a text of UTF-8 has.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// On one line, and not too long.
std::string cell(std::string_view text) {
  std::string shown;
  std::size_t width = 0;
  for (const char c : text) {
    const bool continues = (static_cast<unsigned char>(c) & 0xC0) == 0x80;
    if (!continues && ++width > longest_cell) return shown + "…";
    const bool control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    shown += control ? ' ' : c;
  }
  return shown;
}

std::string next_of(const job_record& job) {
  if (job.state == job_state::paused || job.state == job_state::ended) return "-";
  if (job.cursor) return format_instant(*job.cursor, job.where);
  return job.definition->when.follows() ? "after others" : "after its run";
}

row row_of(const job_record& job, const std::string& last) {
  return {cell(job.id()),
          cell(job.definition->when.text()),
          next_of(job),
          std::string{name(job.state)},
          std::to_string(job.active),
          std::to_string(job.counters.succeeded),
          std::to_string(job.counters.failed),
          last};
}

std::string table_text(const std::vector<row>& rows) {
  std::array<std::size_t, columns> widths{};
  for (const auto& each : rows) {
    for (std::size_t k = 0; k < columns; ++k) widths[k] = std::max(widths[k], width_of(each[k]));
  }
  std::string text;
  for (const auto& each : rows) {
    std::string line;
    for (std::size_t k = 0; k < columns; ++k) {
      const std::string blanks(widths[k] - width_of(each[k]), ' ');
      const bool number = k >= 4 && k <= 6;
      line += (k == 0 ? "" : "  ") + (number ? blanks + each[k] : each[k] + blanks);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace

/// How the last run of each of these jobs ended, as far as the latest entries of the ledger say.
loop_awaitable<std::map<std::string, std::string>> engine::last_outcomes(
    const std::vector<job_record>& jobs) {
  std::map<std::string, std::string> last;
  std::map<std::string, const job_record*, std::less<>> wanted;
  for (const auto& job : jobs) wanted.emplace(job.id(), &job);
  ledger_query query;
  query.limit = 1'000;
  for (std::size_t read = 0; read < entries_read && !wanted.empty();) {
    const auto page = co_await store_->history(query);
    for (const auto& entry : page.entries) {
      if (entry.run.empty() || !entry.final) continue;
      const auto job = wanted.find(entry.job);
      if (job == wanted.end()) continue;
      last[entry.job] =
          fmt::format("{} {}", name(entry.result.kind), format_instant(entry.first, job->second->where));
      wanted.erase(job);
    }
    read += page.entries.size();
    if (!page.next_before || page.entries.empty()) break;
    query.before = page.next_before;
  }
  co_return last;
}

loop_awaitable<std::string> engine::table_of_jobs_here(job_query which) {
  std::vector<job_record> jobs;
  which.limit = 1'000;
  for (bool more = true; more;) {
    auto page = co_await list(which);
    for (auto& job : page.jobs) jobs.push_back(std::move(job));
    more = page.next_after.has_value();
    if (more) which.after = *page.next_after;
  }
  if (jobs.empty()) co_return std::string("no jobs\n");
  const auto last = co_await last_outcomes(jobs);
  std::vector<row> rows{{"JOB", "SCHEDULE", "NEXT", "STATE", "RUNNING", "SUCCEEDED", "FAILED", "LAST RUN"}};
  for (const auto& job : jobs) {
    const auto known = last.find(job.id());
    rows.push_back(row_of(job, known == last.end() ? "-" : known->second));
  }
  co_return table_text(rows);
}

loop_awaitable<void> engine::print_jobs(std::ostream* out, job_query which, bool everywhere) {
  const auto text = co_await table_of_jobs(std::move(which), everywhere);
  *out << text << std::flush;
}

}  // namespace carillon
