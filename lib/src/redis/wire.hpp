#pragma once
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/redis/config.hpp>
#include <boost/redis/connection.hpp>
#include <carillon/async/condition.hpp>
#include <carillon/async/loop.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "redis/batch.hpp"
#include "redis/call.hpp"
#include "redis/connection.hpp"

namespace carillon::redis {

/// What a `connection` is made of. Shared with the operations that are under way, so that these never find it
/// gone.
///
/// A call goes: queue → batch (one write for all that came in one turn of the loop) → answered, in order. Its
/// coroutine is resumed from the strand directly. One timer serves the deadlines of all.
///
/// Subscriptions are on a wire of their own: a server that refuses one says so in a line that nothing tells
/// from the answer to a call.
class connection::wire : public std::enable_shared_from_this<wire> {
 public:
  wire(const loop_executor& where, connection_options how);

  void start();
  loop_awaitable<void> stop();
  /// Ends everything that waits, without waiting for it.
  void abandon();
  /// Lets go of everything that waits, for its executor runs no more: nothing is resumed.
  void drop();

  /// Asks, and returns when there is an answer, a failure, or a cancellation.
  loop_awaitable<void> ask(call& which);
  /// Whether the server said that it does not know the script; then the call asks so that it learns it.
  bool lacks_script(call& which);
  /// Its answer. Errors: as `connection` says.
  reply taken(call& which);

  loop_executor where;
  connection_options how;
  bool up = false;
  std::string why_down = "still connecting for the first time";

  using listeners = std::vector<std::weak_ptr<std::function<void()>>>;
  static listening listen(listeners& all, std::function<void()> listener);
  listeners on_up, on_down;

  listening subscribe(std::vector<std::string> channels, message_handlers handlers);
  bool stopping() const noexcept { return stopping_; }

 private:
  using self = std::shared_ptr<wire>;
  using timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>, loop_executor>;

  // Staying connected: connecting.cpp.
  static loop_awaitable<void> keep_connected(self me);
  loop_awaitable<void> live_once();
  loop_awaitable<void> carry();
  loop_awaitable<void> attend();
  void came_up();
  static void call_all(listeners& all);
  void went_down(const std::string& why);
  boost::redis::config wire_config() const;
  void note(boost::redis::logger::level level, std::string_view line);

  // Calls: calls.cpp.
  struct waiting;
  void enqueue(call& which);
  void give_up(call& which);
  void schedule_flush();
  void flush();
  bool send_batch();
  void batch_ended(batch& sent);
  void arm_deadline();
  void expire();
  void finish(call& which);
  void fail_all(const std::string& why);
  void begin_to_stop();
  void drop_calls();
  struct deadline_bell;

  // Subscriptions: subscriptions.cpp.
  struct subscriber {
    std::vector<std::string> channels;
    message_handlers handlers;
    std::size_t confirmed = 0;  // of the channels, since the connection came up
  };
  void expect_messages();
  loop_awaitable<void> listen();
  void deliver(const std::vector<std::string>& push);
  void confirm(const std::string& channel);
  void pass_on(const std::string& channel, const std::string& message);
  void leave(const subscriber& gone);
  void send_subscribe(const std::vector<std::string>& channels);
  void send_unsubscribe(const std::vector<std::string>& channels);
  void send_apart(std::shared_ptr<boost::redis::request> request);

  std::unique_ptr<boost::redis::connection> redis_;
  bool started_ = false;
  bool stopping_ = false;
  bool running_ = false;
  bool outdated_ = false;  // the server says that it is no master any more
  timer pause_;
  condition lost_;
  condition stopped_;
  std::string last_note_;     // what Boost.Redis said last of an error
  std::string last_refusal_;  // what the server said when it was connected to
  std::string refusal_;       // the same, while the connection has never been up
  bool been_up_ = false;
  bool announced_ = false;  // that it is up
  bool missed_ = false;     // counted in the outage

  call_queue queue_;
  call_deadlines deadlines_;
  timer deadline_timer_;
  bool deadline_armed_ = false;
  bool flush_scheduled_ = false;
  std::size_t in_flight_ = 0;  // batches
  std::uint64_t batches_ = 0;
  std::unordered_map<std::string_view, std::uint64_t>
      loaded_with_;  // sha1 → the batch that has the source, or an earlier
  std::vector<std::string_view> scratch_;

  std::vector<std::weak_ptr<subscriber>> subscribers_;
  std::vector<std::string> arriving_;              // the parts of a push
  std::vector<std::vector<std::string>> arrived_;  // pushes that nobody has looked at
};

}  // namespace carillon::redis
