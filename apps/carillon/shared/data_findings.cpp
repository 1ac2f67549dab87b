#include "carillon/shared/data_findings.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>
#include <utility>

#include "carillon/diagnostic.hpp"

namespace carillon::app {
namespace {

using redis::data_fault;
using redis::data_fault_kind;
using namespace promise;

fault_words words_of(data_fault_kind what) {
  using enum data_fault_kind;
  switch (what) {
    case due_without_job:
      return {weight::warning, "'{}' is in the list of what is due, and there is no such job", accounted};
    case wrong_due:
      return {weight::fault, "job '{}' is not in the list of what is due as its record says",
              somebody_claims};
    case id_without_job:
      return {weight::warning, "'{}' is in the list of ids, and there is no such job", accounted};
    case job_without_id:
      return {weight::fault, "job '{}' is not in the list of ids: no instance loads it", fires_again};
    case job_without_definition:
      return {weight::fault, "job '{}' has lost its definition: nobody can run it", fires_again};
    case text_without_job:
      return {weight::warning, "there is a text of job '{}', and there is no such job", accounted};
    case active_without_run:
      return {weight::fault, "a run counts as active that has no record: {}", room_held};
    case run_without_active: return {weight::fault, "run '{}' does not count as active, and is", room_held};
    case wrong_waiting:
      return {weight::fault, "the waiting runs of job '{}' are not looked for when they are due",
              somebody_claims};
    case waiting_without_job: return {weight::warning, "runs wait of job '{}', which is gone", accounted};
    case vanishing_key: return {weight::fault, "the key {} has a time to live, and must stay", fires_again};
    case lasting_key:
      return {weight::warning, "the key {} should have a time to live, and has none", accounted};
    case unreadable:
      return {weight::fault, "the record of job '{}' cannot be read by this version: nobody runs it",
              fires_again};
    case unreadable_run:
      return {weight::fault,
              "unreadable run record: what '{}' in the list of active runs says is not understood",
              room_held};
    case unreadable_waiting:
      return {weight::fault,
              "a waiting run of job '{}' cannot be read: nobody takes it, nor what waits after it",
              accounted};
    case unknown_key: return {weight::note, "this version writes no such key: {}", {}};
    case foreign_partition: return {weight::fault, "the keys of {} belong to another store", once_only};
  }
  return {weight::note, "{}", {}};
}

std::string remedy_of(const data_fault& fault, const std::string& name_space) {
  if (redis::can_repair(fault.what)) return "carillon doctor --repair";
  switch (fault.what) {
    case data_fault_kind::job_without_definition:
      return "add the job again (carillon jobs add --replace), or remove it";
    case data_fault_kind::unreadable:
    case data_fault_kind::unreadable_run:
      return fmt::format(
          "see who wrote it: another version of Carillon, or something else; when nobody needs "
          "it: redis-cli HDEL 'carillon:{{{}:{}}}:{}' '{}', then carillon doctor --repair",
          name_space, fault.partition, fault.what == data_fault_kind::unreadable ? "jobs" : "runs",
          shown(fault.subject, 300));
    case data_fault_kind::foreign_partition:
      return "an instance that starts settles it: of two stores the later one wins";
    default: return "remove it if nothing of yours needs it";
  }
}

// The job of an active member "JOB, a zero byte, …".
std::string subject_of(const data_fault& fault) {
  if (fault.what != data_fault_kind::active_without_run) return shown(fault.subject, 300);
  return fault.detail.empty() ? shown(fault.subject, 300) : "of job '" + shown(fault.detail, 300) + "'";
}

}  // namespace

std::vector<finding> findings_in_data(std::span<const data_fault> faults, const std::string& name_space) {
  std::vector<finding> found;
  for (std::size_t k = 0; k < faults.size(); ++k) {
    const auto& fault = faults[k];
    // Of such a one the detail is the subject.
    const auto detail = fault.what == data_fault_kind::active_without_run ? std::string{} : fault.detail;
    auto one = finding_of(words_of(fault.what), subject_of(fault), detail, remedy_of(fault, name_space));
    if (redis::can_repair(fault.what)) one.repairable = k;
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace carillon::app
