#include <array>
#include <carillon/redis/inspection.hpp>
#include <utility>

#include "redis/data_faults.hpp"

namespace carillon::redis {

namespace {

using enum data_fault_kind;

struct known_fault {
  data_fault_kind what;
  std::string_view name;
  bool repairable;
};

constexpr std::array known_faults{known_fault{due_without_job, "due_without_job", true},
                                  known_fault{wrong_due, "wrong_due", true},
                                  known_fault{id_without_job, "id_without_job", true},
                                  known_fault{job_without_id, "job_without_id", true},
                                  known_fault{job_without_definition, "job_without_definition", false},
                                  known_fault{text_without_job, "text_without_job", true},
                                  known_fault{active_without_run, "active_without_run", true},
                                  known_fault{run_without_active, "run_without_active", true},
                                  known_fault{wrong_waiting, "wrong_waiting", true},
                                  known_fault{waiting_without_job, "waiting_without_job", true},
                                  known_fault{vanishing_key, "vanishing_key", true},
                                  known_fault{lasting_key, "lasting_key", true},
                                  known_fault{unreadable, "unreadable", false},
                                  known_fault{unreadable_run, "unreadable_run", false},
                                  known_fault{unreadable_waiting, "unreadable_waiting", true},
                                  known_fault{unknown_key, "unknown_key", false},
                                  known_fault{foreign_partition, "foreign_partition", false}};

/// The names of a partition's keys, and whether they stay.
constexpr std::array<std::string_view, 16> lasting{
    "store", "seq",     "jobs", "definitions", "notes",  "skips",   "carried",   "ids",
    "due",   "waiting", "runs", "active",      "ledger", "follows", "followers", "ends"};

}  // namespace

std::string_view name(data_fault_kind what) noexcept {
  return known_faults[static_cast<std::size_t>(what)].name;
}

bool can_repair(data_fault_kind what) noexcept {
  return known_faults[static_cast<std::size_t>(what)].repairable;
}

data_fault_kind data_fault_named(std::string_view name) noexcept {
  for (const auto& each : known_faults) {
    if (each.name == name) return each.what;
  }
  return unreadable;
}

key_life life_of(std::string_view name_in_partition) noexcept {
  for (const auto each : lasting) {
    if (name_in_partition == each) return key_life::lasting;
  }
  if (name_in_partition.starts_with("wait:")) return key_life::lasting;
  for (const auto* each : {"ended:", "taken:", "token:", "result:", "awaited:"}) {
    if (name_in_partition.starts_with(each)) return key_life::temporary;
  }
  return key_life::unknown;
}

}  // namespace carillon::redis
