#pragma once
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <memory>
#include <string>
#include <utility>

#include "redis/connection.hpp"
#include "support/loop_world.hpp"
#include "support/redis_server.hpp"

namespace carillon::testing {

/// A connection on a loop of its own, with short times.
class connection_world : public loop_world {
 public:
  explicit connection_world(redis::connection_options how) : connection{strand, with_log(std::move(how))} {
    connection.start();
  }
  explicit connection_world(const redis_server& server) : connection_world{options_for(server)} {}
  ~connection_world() { run(connection.stop()); }

  static redis::connection_options options_for(const redis_server& server) {
    redis::connection_options how;
    how.where.hosts = {{"127.0.0.1", std::to_string(server.port())}};
    // Long enough for tests that start a server meanwhile; who waits for either says so.
    how.command_timeout = std::chrono::seconds{20};
    how.health_check_interval = std::chrono::seconds{20};
    how.longest_pause = std::chrono::milliseconds{300};
    return how;
  }

  /// Lets go out what was asked, though nobody waits for the answer.
  void sent() {
    io.restart();
    io.poll();
    until([] { return false; }, std::chrono::milliseconds{50});
  }

  redis::reply ask(const redis::words& all) { return run(connection.command(all)); }

  /// What a call throws, as "store_unreachable: words", or its answer.
  template <typename Call>
  std::string outcome_of(Call call) {
    try {
      return run(std::move(call)).to_string();
    } catch (const boost::system::system_error& failure) {
      const auto code = failure.code();
      const std::string kind = code == errc::store_unreachable ? "unreachable: "
                               : code == errc::store_refused   ? "refused: "
                                                               : "";
      return kind + failure.what();
    }
  }
  std::string outcome(const redis::words& all) { return outcome_of(connection.command(all)); }

 private:
  redis::connection_options with_log(redis::connection_options how) const {
    how.logger = logger;
    return how;
  }

 public:
  redis::connection connection;
};

}  // namespace carillon::testing
