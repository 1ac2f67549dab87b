#pragma once
#include <boost/unordered/unordered_flat_set.hpp>
#include <functional>
#include <string_view>
#include "scheduler/job_entry.hpp"

namespace carillon {

/// Finds a job by something that has its id: a million of them cost ten bytes each.
struct by_job_id {
  using is_transparent = void;
  static std::string_view id_of(std::string_view id) noexcept { return id; }
  static std::string_view id_of(const job_entry* job) noexcept { return job->definition->id; }

  template <typename T>
  std::size_t operator()(const T& which) const noexcept {
    return std::hash<std::string_view>{}(id_of(which));
  }
  template <typename T, typename U>
  bool operator()(const T& a, const U& b) const noexcept {
    return id_of(a) == id_of(b);
  }
};

/// The jobs that have a loop here. Does not own them: their loops do (engine::release_if_over).
using job_index = boost::unordered_flat_set<job_entry*, by_job_id, by_job_id>;

}  // namespace carillon
