#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace carillon::redis {

/// The answers to several commands, as a list of nodes over one text. Filled while they arrive, then shared
/// by the `reply` of each.
struct reply_nodes {
  enum class kind : std::uint8_t { null, integer, text, list, error };
  struct node {
    kind what = kind::null;
    std::uint32_t length = 0;  // of the text; of a list, how many it has
    std::uint32_t text = 0;    // where it begins
    std::uint32_t end = 0;     // of the list: the first node that is not within it; else the next
    std::int64_t number = 0;
  };
  std::vector<node> nodes;
  std::string text;
};

/// What Redis answered: null, an integer, a text, or a list of such. Cheap to copy and to take apart: a list
/// is walked, not built.
///
/// Reading it as what it is not throws `system_error` with `errc::store_refused`: the server does not answer
/// as its scripts do. Lifetime: the texts live as long as any reply of the same batch; keep copies of what is
/// to last.
class reply {
 public:
  using kind = reply_nodes::kind;

  /// Null.
  reply() = default;
  reply(std::shared_ptr<const reply_nodes> all, std::size_t at) noexcept
      : all_{std::move(all)}, at_{static_cast<std::uint32_t>(at)} {}

  kind what() const noexcept { return all_ ? node().what : kind::null; }
  bool is_null() const noexcept { return what() == kind::null; }
  bool is_list() const noexcept { return what() == kind::list; }

  /// An integer, or a text that is one.
  std::int64_t integer() const;
  /// A text; an integer is not one.
  std::string_view text() const;
  /// The words of an error within a list.
  std::string_view error() const;

  /// Of a list: how many it has. Others have none.
  std::size_t size() const noexcept { return is_list() ? node().length : 0; }
  bool empty() const noexcept { return size() == 0; }
  /// @pre `is_list()`. Errors: throws if there are fewer.
  reply operator[](std::size_t index) const;

  class iterator {
   public:
    using value_type = reply;
    using difference_type = std::ptrdiff_t;
    iterator() = default;
    iterator(std::shared_ptr<const reply_nodes> all, std::uint32_t at) noexcept
        : all_{std::move(all)}, at_{at} {}
    reply operator*() const noexcept { return {all_, at_}; }
    iterator& operator++() noexcept {
      at_ = all_->nodes[at_].end;
      return *this;
    }
    iterator operator++(int) noexcept {
      const auto before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const iterator& a, const iterator& b) noexcept { return a.at_ == b.at_; }

   private:
    std::shared_ptr<const reply_nodes> all_;  // The reply that was asked is often a temporary.
    std::uint32_t at_ = 0;
  };
  /// Over the elements of a list; others have none. An iterator needs no reply to live.
  iterator begin() const noexcept { return {all_, is_list() ? at_ + 1 : 0}; }
  iterator end() const noexcept { return {all_, is_list() ? node().end : 0}; }

  /// As one would write it: `["won", 17, null]`. For messages and logs.
  std::string to_string() const;

 private:
  const reply_nodes::node& node() const noexcept { return all_->nodes[at_]; }
  std::string_view raw() const noexcept {
    return std::string_view(all_->text).substr(node().text, node().length);
  }
  [[noreturn]] void not_a(const char* expected) const;

  std::shared_ptr<const reply_nodes> all_;
  std::uint32_t at_ = 0;
};

}  // namespace carillon::redis
