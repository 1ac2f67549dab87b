#include <carillon/job/task_registry.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace carillon {

void task_registry::add(std::string name, task body) {
  if (name.empty()) throw std::invalid_argument("a task's name must not be empty");
  if (find(name)) throw std::invalid_argument("task '" + name + "': this name is registered already");
  tasks_.insert(std::make_unique<entry>(entry{std::move(name), std::move(body)}));
}

const task* task_registry::find(std::string_view name) const {
  const auto found = tasks_.find(name);
  return found == tasks_.end() ? nullptr : &(*found)->body;
}

std::vector<std::string> task_registry::names() const {
  std::vector<std::string> all;
  all.reserve(tasks_.size());
  for (const auto& one : tasks_) all.push_back(one->name);
  std::ranges::sort(all);
  return all;
}

}  // namespace carillon
