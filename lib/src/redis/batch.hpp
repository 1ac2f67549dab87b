#pragma once
#include <boost/redis/adapter/any_adapter.hpp>
#include <boost/redis/request.hpp>
#include <boost/redis/resp3/node.hpp>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "redis/call.hpp"

namespace carillon::redis {

/// Calls that go out in one piece, and their answers as they come in. A call that is given up leaves its
/// place empty; its answer is dropped.
class batch {
 public:
  explicit batch(std::uint64_t number);
  ~batch();
  batch(const batch&) = delete;
  batch& operator=(const batch&) = delete;

  /// Takes the call's words into the request.
  void add(call& which, std::vector<std::string_view>& scratch);
  void forget(call& which) { calls_[which.place] = nullptr; }

  std::size_t size() const noexcept { return calls_.size(); }
  const boost::redis::request& request() const noexcept { return request_; }

  /// Takes the answers, in the order of the calls.
  boost::redis::any_adapter adapter();

  /// Removes the call at a place, and gives it its answer if that has come. Null: it was given up.
  call* take(std::size_t place);
  bool answered(std::size_t place) const noexcept { return place < tops_.size() && place < complete_; }

 private:
  void take_node(const boost::redis::resp3::node_view& each);
  void end_message();

  std::uint64_t number_;
  boost::redis::request request_;
  std::vector<call*> calls_;
  std::shared_ptr<reply_nodes> answers_ = std::make_shared<reply_nodes>();
  std::vector<std::uint32_t> tops_;  // where each answer begins
  std::vector<std::uint32_t> open_;  // the nodes that may still grow, by depth
  std::size_t complete_ = 0;
};

}  // namespace carillon::redis
