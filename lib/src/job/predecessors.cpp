#include <carillon/job/predecessors.hpp>

#include <map>
#include <vector>

namespace carillon {

std::string find_cycle(const job_definition& job,
                       const std::function<const job_definition*(std::string_view id)>& known) {
  std::map<std::string, std::string> followed_by;  // Of what was met on the way up.
  std::vector<const job_definition*> to_see{&job};
  while (!to_see.empty()) {
    const auto* const one = to_see.back();
    to_see.pop_back();
    for (const auto& each : one->when.predecessors()) {
      if (each.job == job.id) {
        auto way = " after " + job.id;
        for (auto id = one->id; id != job.id; id = followed_by.at(id)) way = " after " + id + way;
        return job.id + way;
      }
      if (!followed_by.emplace(each.job, one->id).second) continue;
      if (const auto* const above = known(each.job)) to_see.push_back(above);
    }
  }
  return {};
}

}  // namespace carillon
