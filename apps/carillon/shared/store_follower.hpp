#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/redis/inspection.hpp>
#include <carillon/redis/link.hpp>

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/// Follows what happens in a store until SIGINT or SIGTERM: looks at the numbers of all partitions again and
/// again, and where one has changed, at what has. What happens while the connection is away is told when it
/// is back, for each partition knows where it stood.
class store_follower {
 public:
  virtual ~store_follower() = default;
  store_follower(const store_follower&) = delete;
  store_follower& operator=(const store_follower&) = delete;

  /// Errors: those of `redis::inspection` when the store is not there at the start.
  void run();

 protected:
  explicit store_follower(const std::string& url);

  /// The store that is followed, once it is found.
  const store_facts& store() const noexcept { return store_; }

  /// The store is found, and where each partition stands. What happens from then on is told to `take`.
  virtual loop_awaitable<void> begin(redis::inspection& inspector, const store_facts& store,
                                     const std::vector<redis::partition_news>& places);
  virtual void take(std::uint32_t partition, const redis::partition_news& news) = 0;
  virtual void take(const members_answer& members) = 0;
  /// Another store has taken the place of the one that was followed.
  virtual void forget_store() = 0;
  /// What was taken may be printed.
  virtual void end_round() = 0;
  /// Of the following itself: "store_lost", "store_back", "store_replaced", "store_missing".
  virtual void tell(std::string_view event, std::string_view words) = 0;

 private:
  loop_awaitable<void> obey_signals();
  loop_awaitable<void> follow();
  loop_awaitable<void> one_round();
  loop_awaitable<void> look();
  loop_awaitable<void> look_at_partitions();
  loop_awaitable<void> look_at(std::uint32_t which);
  loop_awaitable<void> find_store();
  loop_awaitable<void> rest(std::chrono::milliseconds how_long);

  boost::asio::io_context io_{1};
  loop_executor strand_{io_.get_executor()};
  boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                    boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>
      pause_{strand_};
  boost::asio::basic_signal_set<loop_executor> signals_;
  redis::link link_;
  redis::inspection inspector_{link_};
  store_facts store_;
  std::vector<redis::partition_news> places_;  // Where each partition stands; their lists are empty.
  int round_ = 0;
  bool stopping_ = false, away_ = false, told_of_none_ = false;
  std::exception_ptr failure_;
};

}  // namespace carillon::app
