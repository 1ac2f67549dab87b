#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fault_plan.hpp"
#include "support/occurrence_checker.hpp"
#include "support/redis_server.hpp"
#include "tcp_proxy.hpp"

namespace carillon::testing {

/// One place of a cluster: a worker process, the next one after it has died, and the proxy that stands
/// between them and the server.
class instance {
 public:
  /// @param worker The program and its arguments but `instance=`, `log=` and, if there is a proxy, `port=`.
  instance(std::string name, std::filesystem::path folder, std::vector<std::string> worker);

  /// Lets processes started from now on connect through a proxy.
  void stand_behind(proxy_house& house, std::uint16_t target) { proxy_.emplace(house, target); }

  /// Errors: throws `std::runtime_error`.
  void start();
  void kill();
  void freeze();
  void thaw();
  /// SIGTERM, and waits.
  void terminate();
  /// Starts it again if it has ended by itself, as whoever runs it would.
  void revive();
  tcp_proxy& proxy() { return *proxy_; }
  /// For processes started from now on: their clock is off by this.
  void set_clock_off(std::chrono::seconds off) { clock_off_ = off; }
  std::chrono::seconds clock_off() const { return clock_off_; }

  const std::string& name() const { return name_; }
  /// Of the process that runs, or ran last.
  std::string process_name() const { return name_ + '.' + std::to_string(generation_); }
  const std::vector<instance_life>& lives() const { return lives_; }
  /// Processes that were ended by what none should be ended by, and that did not end when told to; in words.
  const std::vector<std::string>& crashes() const { return crashes_; }
  /// How many processes gave up by themselves, as when they find no server at their start.
  int gave_up() const { return gave_up_; }
  /// The marks of all its processes.
  std::vector<body_mark> marks() const;

 private:
  std::vector<std::string> command() const;
  std::filesystem::path file(std::string_view suffix) const {
    return folder_ / (process_name() + std::string{suffix});
  }
  void ended();
  void note_crash();

  std::string name_;
  std::filesystem::path folder_;
  std::vector<std::string> worker_;
  std::optional<tcp_proxy> proxy_;
  child process_;
  int generation_ = 0;
  int gave_up_ = 0;
  bool wanted_ = false;
  std::chrono::seconds clock_off_{0};
  std::vector<instance_life> lives_;
  std::vector<std::string> crashes_;
};

}  // namespace carillon::testing
