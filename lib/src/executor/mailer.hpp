#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>

namespace carillon {

class child_process;

/// A mail that is ready to go, and who sends it.
struct letter {
  std::string message;       ///< Headers and body.
  std::string sender;        ///< The user that sendmail runs as; empty: that of this process.
  std::string about;         ///< For messages: "backup[k3f9-7]".
  bool if_possible = false;  ///< That there is no sendmail need not be told.
};

/// Hands mails to the machine's sendmail, a few at a time, apart from the runs that they tell of: one that
/// takes long holds up no run.
///
/// Thread safety: none; used on one strand.
class mailer : public std::enable_shared_from_this<mailer> {
 public:
  using complaint = std::function<void(const std::string& what)>;

  /// `complain` is told what does not get through, at once or later.
  mailer(std::string program, complaint complain)
      : program_(std::move(program)), complain_(std::move(complain)) {}

  /// Sends it as soon as there is a place. That there is no sendmail is told once.
  void send(const boost::asio::any_io_executor& where, letter what);

  /// Waits for what is under way; what takes longer than `most` is given up.
  boost::asio::awaitable<void> close(std::chrono::milliseconds most);

 private:
  struct delivery;

  void start_some(const boost::asio::any_io_executor& where);
  void start(const boost::asio::any_io_executor& where, letter what);
  void give_up();
  void ended(const std::shared_ptr<delivery>& which, int status);

  std::string program_;
  complaint complain_;
  bool told_ = false, told_of_full_ = false;
  std::deque<letter> waiting_;
  std::size_t waiting_bytes_ = 0;
  // Nothing here belongs to the event loop, which may go before this does.
  std::set<delivery*> under_way_;
  boost::asio::steady_timer* idle_ = nullptr;  // of `close`, while that waits
};

}  // namespace carillon
