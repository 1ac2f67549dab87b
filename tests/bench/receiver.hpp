#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <thread>

namespace carillon::bench {

/// Answers each HTTP request with 204, over connections that are kept, and looks at nothing: on a port of
/// 127.0.0.1, in a thread of its own.
class receiver_thread {
 public:
  receiver_thread();
  ~receiver_thread();
  receiver_thread(const receiver_thread&) = delete;
  receiver_thread& operator=(const receiver_thread&) = delete;

  std::string url() const;
  /// What the thread has used, in seconds.
  double cpu();

 private:
  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::acceptor door_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

}  // namespace carillon::bench
