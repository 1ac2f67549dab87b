#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <carillon/time/instant.hpp>
#include <cstddef>
#include <deque>
#include <utility>

namespace carillon {

/// Values that are kept until a time each, and of which there are so many bytes at most: the oldest go first.
template <typename Key, typename Value>
class kept_for_a_time {
 public:
  explicit kept_for_a_time(std::size_t most_bytes) : most_bytes_{most_bytes} {}

  /// In the place of what has the same key.
  void keep(const Key& key, Value value, std::size_t bytes, instant now, instant until) {
    if (const auto there = values_.find(key); there != values_.end()) drop(there);
    bytes_ += bytes;
    in_order_.emplace_back(key, ++kept_);
    values_.emplace(key, entry{std::move(value), bytes, until, kept_});
    while (!in_order_.empty() && drops_first(now)) in_order_.pop_front();
  }
  const Value* find(const Key& key, instant now) const {
    const auto found = values_.find(key);
    return found == values_.end() || found->second.until <= now ? nullptr : &found->second.value;
  }
  std::size_t size() const noexcept { return values_.size(); }

 private:
  struct entry {
    Value value;
    std::size_t bytes;
    instant until;
    std::uint64_t number;  ///< Tells it from an earlier one of the same key.
  };
  using map = boost::unordered_flat_map<Key, entry>;

  void drop(typename map::iterator which) {
    bytes_ -= which->second.bytes;
    values_.erase(which);
  }
  /// Whether the oldest is gone, or goes now.
  bool drops_first(instant now) {
    const auto& [key, number] = in_order_.front();
    const auto found = values_.find(key);
    if (found == values_.end() || found->second.number != number) return true;
    if (found->second.until > now && bytes_ <= most_bytes_) return false;
    drop(found);
    return true;
  }

  std::size_t most_bytes_;
  std::size_t bytes_ = 0;
  std::uint64_t kept_ = 0;
  map values_;
  std::deque<std::pair<Key, std::uint64_t>> in_order_;
};

}  // namespace carillon
