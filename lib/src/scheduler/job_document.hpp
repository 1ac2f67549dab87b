#pragma once
#include <carillon/job/job.hpp>
#include <carillon/time/instant.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The document by which jobs are carried from one store to another: reading and writing, no store.

namespace carillon {

/// A job as a document has it.
struct documented_job {
  std::string id;     ///< Or its place, "jobs[3]", where it has none that can be read.
  std::string fault;  ///< Why it cannot be read; empty: it can, and all that follows counts.
  std::shared_ptr<const job_definition> definition;
  job_state state = job_state::active;  ///< active, paused or ended.
  std::string note;
  std::optional<zone> where;
  std::optional<instant> anchor, cursor, due;
  std::uint32_t skip_next = 0;
  std::vector<instant> skip_at;  ///< Earliest first, each once.
  std::string carried;           ///< JSON; empty: nothing.
};

/// The document of jobs, one on a line.
std::string document_of(const std::vector<job_record>& jobs, instant now);

/// Reads it. What is wrong with one job is its `fault`.
/// Errors: throws `std::invalid_argument` for what is no such document, or names a job twice.
std::vector<documented_job> read_document(std::string_view text);

/// In what a job that is there would be changed, for people; empty: in nothing. Cursor, anchor and zone do
/// not count, nor does the origin.
std::string difference(const job_record& there, const documented_job& wanted);

}  // namespace carillon
