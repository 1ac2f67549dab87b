#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace carillon::redis {

/// The names of a namespace's keys. docs/redis.md says what is in them.
class store_keys {
 public:
  /// What this version writes into `meta`. A new one with every change of what lies in the keys: a version
  /// that knows another refuses the store, where it would misread its records. 1: runs and what waits had no
  /// revision, and a job's rare fields were not packed apart.
  static constexpr int format = 2;

  explicit store_keys(std::string name_space) : name_space_{std::move(name_space)} {}

  const std::string& name_space() const noexcept { return name_space_; }
  /// Of the members and the store as a whole: one hash tag.
  std::string shared(std::string_view name) const {
    return "carillon:{" + name_space_ + "}:" + std::string{name};
  }
  std::string meta() const { return shared("meta"); }
  /// What the members have of a group; with the members in one slot.
  std::string group(std::string_view name) const { return shared("group:") + std::string{name}; }
  /// Where they are told of places.
  std::string group_channel() const { return shared("groups"); }
  /// Of one partition: one hash tag each. Scripts make the names of all its keys from that of `store`.
  std::string of_partition(std::uint32_t partition, std::string_view name) const {
    return "carillon:{" + name_space_ + ":" + std::to_string(partition) + "}:" + std::string{name};
  }
  std::string store(std::uint32_t partition) const { return of_partition(partition, "store"); }
  std::string changes(std::uint32_t partition) const { return of_partition(partition, "changes"); }

 private:
  std::string name_space_;
};

}  // namespace carillon::redis
