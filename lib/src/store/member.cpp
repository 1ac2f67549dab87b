#include <xxhash.h>
#include <carillon/store/job_backend.hpp>
#include <carillon/store/member.hpp>

#include <algorithm>

namespace carillon {

namespace {

template <typename T, typename Value>
bool has(const std::vector<T>& sorted, const Value& value) {
  return std::ranges::binary_search(sorted, value);
}

void add(std::string& text, char kind, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    text += kind;
    text += name;
    text += '\0';
  }
}

}  // namespace

bool served_work::serves(std::string_view task, std::string_view executor) const {
  if (executor.empty()) return has(tasks, task);
  if (has(executors, executor)) return true;
  return has(body_executors, executor) && has(tasks, task);
}

bool served_work::declares(std::uint64_t seed_of_id) const { return has(declared, seed_of_id); }

std::uint64_t served_work::digest() const {
  std::string text;
  add(text, 't', tasks);
  add(text, 'e', executors);
  add(text, 'b', body_executors);
  for (const auto seed : declared) text += 'd' + std::to_string(seed) + ' ';
  return XXH64(text.data(), text.size(), 0);
}

std::uint32_t partition_of(std::string_view id, std::uint32_t count) noexcept {
  return static_cast<std::uint32_t>(XXH64(id.data(), id.size(), 0) % count);
}

}  // namespace carillon
