#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace carillon::testing {

/// A plain client that blocks: nothing of what is tested is used to test it.
class redis_client {
 public:
  /// Errors: throws `std::runtime_error` if nobody listens.
  redis_client(std::uint16_t port, std::chrono::milliseconds patience);
  ~redis_client();
  redis_client(const redis_client&) = delete;
  redis_client& operator=(const redis_client&) = delete;

  /// The answer, as redis-cli prints it without a terminal. Errors: throws if none comes in time.
  std::string ask(const std::vector<std::string>& words);

 private:
  void send(const std::string& bytes) const;
  std::string read_line();
  std::string read_bytes(std::size_t count);
  std::string read_answer();
  void read_more();

  int socket_ = -1;
  std::string buffer_;
};

}  // namespace carillon::testing
