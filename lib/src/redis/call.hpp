#pragma once
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <carillon/redis/lua_script.hpp>
#include <carillon/redis/reply.hpp>
#include <carillon/redis/words.hpp>

namespace carillon::redis {

class batch;

/// What one coroutine has asked and waits for. Lives in the frame of that coroutine; the lists that it is in
/// forget it when it goes.
struct call {
  using hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  call() = default;
  ~call();
  call(const call&) = delete;
  call& operator=(const call&) = delete;

  /// `none` asks nothing: it only waits for the connection.
  enum class form : std::uint8_t { words, by_sha, with_source, none };

  form how = form::words;
  const lua_script* script = nullptr;
  const words* keys = nullptr;
  const words* arguments = nullptr;  // of a command: all its words

  std::chrono::steady_clock::time_point deadline;
  boost::asio::any_completion_handler<void()> waiter;
  boost::asio::cancellation_slot slot;
  hook in_queue;               // not sent yet
  hook by_deadline;            // not answered yet
  batch* sent_with = nullptr;  // sent, not answered yet
  std::size_t place = 0;       // in that batch
  std::uint64_t sent = 0;      // counts batches

  // How it ended: one of the three. A failure says why there is no answer.
  std::optional<reply> answer;
  std::string failure;
  bool refused = false;  // it is a refusal
  bool cancelled = false;
};

using call_queue =
    boost::intrusive::list<call, boost::intrusive::member_hook<call, call::hook, &call::in_queue>,
                           boost::intrusive::constant_time_size<false>>;
using call_deadlines =
    boost::intrusive::list<call, boost::intrusive::member_hook<call, call::hook, &call::by_deadline>,
                           boost::intrusive::constant_time_size<false>>;

}  // namespace carillon::redis
