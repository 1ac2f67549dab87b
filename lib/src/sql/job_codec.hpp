#pragma once
#include <carillon/store/job_backend.hpp>
#include <carillon/store/ledger.hpp>
#include <carillon/store/member.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "store/memory_jobs.hpp"

// What is written into the tables: JSON, for people and other programs to read as well.

namespace carillon::sql {

/// Text in a row that this version does not understand; says why.
class unreadable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::string text_of(const job_definition& job);
std::shared_ptr<const job_definition> definition_in(std::string_view text);

/// All of a job but its definition, its state and its revision, which stand in columns of their own.
std::string text_of(const memory_job& job);
/// Of the job's runs, and of those that it left when it was removed.
std::string text_of(const live_runs& runs);

using name_keeper = std::function<const std::string*(std::string_view)>;
/// Fills in what `text_of` wrote.
void read_job(std::string_view text, memory_job& job, const name_keeper& name_of);
std::unique_ptr<live_runs> runs_in(std::string_view text, const name_keeper& name_of);

/// All of an entry but its number and its job.
std::string text_of(const ledger_entry& entry);
void read_entry(std::string_view text, ledger_entry& entry);

/// All of a kept end but its number.
std::string text_of(const kept_end& end);
void read_end(std::string_view text, kept_end& end);

/// All that a member says of itself but its id and its lease.
std::string text_of(const member_info& member);
void read_member(std::string_view text, member_info& member);

std::string text_of(const served_work& work);
std::shared_ptr<const served_work> work_in(std::string_view text);

job_brief brief_of(const memory_job& job);

/// What instances are told: that a job was changed; where `run` is not empty, that a run is to stop; where
/// `group` is not, that a member was given places of it.
struct change_notice {
  std::uint32_t part = 0;    ///< Not in the text, and of groups none.
  std::uint64_t number = 0;  ///< Of the change.
  job_brief job;
  std::string run, member;
  cancel_reason why{};
  std::string group;
};
std::string text_of(const change_notice& notice);
change_notice notice_in(std::string_view text);

}  // namespace carillon::sql
