#pragma once
#include <carillon/sql/inspection.hpp>
#include <carillon/store/store_facts.hpp>
#include <carillon/time/instant.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sql/session.hpp"
#include "store/ownership.hpp"

namespace carillon::sql {

/// What was found in some rows.
struct scanned_rows {
  store_contents contents;
  std::vector<missing_predecessor> follows;  ///< Whom jobs follow, whether that one is there or not.
  std::vector<group_facts> groups;
  std::vector<table_fault> faults;
  std::optional<std::string> next_after;  ///< Where the next page begins; none: there is none.
};
/// Of faults of one kind a hundred are kept, of what is overdue the two hundred that are it for longest.
void take_in(scanned_rows&& some, scanned_rows& all);

/// The tables that are not there, and the partitions that are not the store's.
scanned_rows scan_parts(session& with, const store_facts& store);
/// A page of jobs, each with its definition.
/// @param grace What is due for longer counts as overdue.
scanned_rows scan_jobs(session& with, const store_facts& store, const std::string& after, milliseconds grace);
/// Everything that is not of one job, but for the ledger, whose entries are only counted.
scanned_rows scan_others(session& with);

/// Those of whom jobs follow that are not there; a hundred at most.
std::vector<missing_predecessor> missing_among(session& with, std::span<const missing_predecessor> follows);

/// The heads of a page of jobs, with the partition of each.
struct brief_of_part {
  std::uint32_t part = 0;
  job_brief job;
};
std::vector<brief_of_part> briefs_of(session& with, const std::string& after, std::size_t limit);

}  // namespace carillon::sql
