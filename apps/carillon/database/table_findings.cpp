#include "carillon/database/table_findings.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "carillon/diagnostic.hpp"

namespace carillon::app {
namespace {

using sql::table_fault;
using sql::table_fault_kind;
using namespace promise;

fault_words words_of(table_fault_kind what) {
  using enum table_fault_kind;
  switch (what) {
    case missing_table: return {weight::fault, "there is no table {}", fires_again};
    case foreign_partition: return {weight::fault, "partition {} is not this store's", once_only};
    case unreadable_job:
      return {weight::fault, "the record of job '{}' cannot be read by this version: nobody runs it",
              fires_again};
    case unreadable_runs:
      return {weight::fault, "runs that the removed job '{}' has left cannot be read: nobody ends them",
              room_held};
    case wrong_columns:
      return {weight::fault, "job '{}' is not looked for as its record says", somebody_claims};
    case wrong_partition:
      return {weight::fault, "job '{}' stands in a partition that is not its own: nobody loads it",
              fires_again};
    case text_without_job:
      return {weight::warning, "there is a definition of job '{}', and there is no such job", accounted};
    case unreadable_member:
      return {weight::warning, "what member '{}' says of itself cannot be read: others run its jobs",
              somebody_claims};
    case unreadable_work:
      return {weight::warning, "what instances of digest {} serve cannot be read: nothing, for the others",
              somebody_claims};
    case unreadable_group:
      return {weight::warning, "what is kept of group '{}' cannot be read, and is passed over",
              "the group's limit, until its instances have said again what they have of it"};
    case unreadable_end:
      return {weight::warning, "an end of which jobs that follow are to be told cannot be read: {}",
              "they do not run after it"};
  }
  return {weight::note, "{}", {}};
}

// A text as it stands in a statement.
std::string in_statement(std::string_view text) {
  std::string made = "'";
  for (const char c : shown(text, 300)) made += c == '\'' ? std::string{"''"} : std::string(1, c);
  return made + "'";
}

std::string remedy_of(const table_fault& fault) {
  using enum table_fault_kind;
  const auto when_unneeded = [&](std::string_view key) {
    return fmt::format(
        "see who wrote it: another version of Carillon, or something else; when nobody needs it: DELETE FROM "
        "{} WHERE {} = {}",
        fault.table, key, in_statement(fault.subject));
  };
  switch (fault.what) {
    case missing_table:
      return "restore all tables of the store from one backup, or drop them all and begin anew";
    case foreign_partition:
      return "restore all tables of the store from one backup: no instance goes on with these";
    case unreadable_job:
      return fmt::format(
          "see who wrote it: another version of Carillon, or something else; declare or add the job again, "
          "which puts a new record in its place; when nobody needs it: carillon jobs remove {}",
          shown(fault.subject));
    case unreadable_runs: return when_unneeded("id");
    case wrong_columns:
    case wrong_partition:
      return fmt::format(
          "what changes the job writes its row anew: carillon jobs pause {0}, then carillon jobs resume {0} "
          "--catch-up",
          shown(fault.subject));
    case text_without_job: return when_unneeded("id");
    case unreadable_member: return "restart that instance; all should be of one version";
    case unreadable_work: return "restart the instances, which write it again";
    case unreadable_group: return "nothing, if it goes away; else look for instances of another version";
    case unreadable_end: return fmt::format("see who wrote it, in {}", fault.table);
  }
  return {};
}

}  // namespace

std::vector<finding> findings_in_tables(const sql::store_look& seen) {
  std::vector<finding> found;
  for (const auto& fault : seen.faults) {
    const auto subject = shown(fault.subject.empty() ? fault.table : fault.subject, 300);
    found.push_back(finding_of(words_of(fault.what), subject, fault.detail, remedy_of(fault)));
  }
  for (const auto& member : seen.expired) {
    found.push_back(
        {weight::note,
         fmt::format("member '{}' has ended without a word, and is still in the table", shown(member)),
         {},
         "nothing: the next heartbeat of any instance drops it",
         std::nullopt});
  }
  return found;
}

}  // namespace carillon::app
