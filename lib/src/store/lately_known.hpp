#pragma once
#include <xxhash.h>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>
#include <deque>
#include <string_view>

namespace carillon {

/// Names that were used lately, by which it is known what is asked for a second time. The oldest go first.
class lately_known {
 public:
  void add(std::string_view name) {
    const auto hash = hash_of(name);
    if (!known_.insert(hash).second) return;
    in_order_.push_back(hash);
    if (in_order_.size() <= most) return;
    known_.erase(in_order_.front());
    in_order_.pop_front();
  }
  bool contains(std::string_view name) const { return known_.contains(hash_of(name)); }

 private:
  static constexpr std::size_t most = 10'000;
  static std::uint64_t hash_of(std::string_view name) { return XXH64(name.data(), name.size(), 0); }

  boost::unordered_flat_set<std::uint64_t> known_;
  std::deque<std::uint64_t> in_order_;
};

}  // namespace carillon
