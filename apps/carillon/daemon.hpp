#pragma once
#include <spdlog/logger.h>
#include <carillon/event/event_bus.hpp>
#include <carillon/executor/command_executor.hpp>
#include <carillon/scheduler/scheduler.hpp>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "carillon/daemon_files.hpp"
#include "carillon/log.hpp"
#include "carillon/reboot_jobs.hpp"

namespace carillon::app {

/// The daemon: a scheduler whose jobs come from files, and who obeys signals. Runs on one thread.
class daemon {
 public:
  /// `plan` is what `files` say, without errors. With `prune` jobs of these files that they do not declare
  /// any more are removed at the start, whichever instance declared them.
  daemon(file_list files, daemon_plan plan, const log_style& style, instant started, bool prune);

  /// Runs until it is told to stop, and its commands have ended. Once.
  void run();

 private:
  boost::asio::awaitable<void> obey_signals();
  boost::asio::awaitable<void> follow_files();
  boost::asio::awaitable<void> declare(const daemon_plan& plan, undeclared rest, declare_result& all);
  struct job_place;
  boost::asio::awaitable<std::optional<declare_result>> declare_in(const job_place& place,
                                                                   std::vector<job_definition> jobs,
                                                                   undeclared rest);
  boost::asio::awaitable<void> declare_where_away();
  static job_place place_of(const declaration& job);
  static std::vector<std::pair<job_place, std::vector<job_definition>>> by_place(const daemon_plan& before,
                                                                                 const daemon_plan& plan,
                                                                                 bool all_stores);
  boost::asio::awaitable<void> begin();
  boost::asio::awaitable<std::optional<upcoming_fire>> first_to_come();
  boost::asio::awaitable<void> wait_for_news();
  boost::asio::awaitable<void> read_again();
  void look_at_crontabs();
  void tell(const daemon_plan& plan);
  boost::asio::awaitable<void> change_to(daemon_plan plan);
  boost::asio::awaitable<std::size_t> take_calendars(const daemon_plan& plan);
  boost::asio::awaitable<bool> look_anew(const declaration& job);
  void on_event(const event& what);
  void stop(const char* signal_name);
  scheduler_options options_for_scheduler() const;
  void make_executors(const daemon_settings& settings);
  bool changes_kind(const daemon_settings& settings) const;
  void make_groups(const daemon_settings& settings);
  std::shared_ptr<job_store> make_store(const store_settings& settings);
  void make_stores(const daemon_settings& settings);
  scheduler& in_store_of(const declaration& job);

  file_list files_;
  crontab_surroundings machine_ = crontab_surroundings::of_this_machine();
  daemon_plan plan_;  // what is in force
  instant started_;
  zone where_;
  std::shared_ptr<spdlog::logger> log_;
  std::shared_ptr<date_calendars> calendars_;
  std::map<std::string, executor_kind> executors_;           // by their names
  std::vector<std::shared_ptr<command_executor>> commands_;  // those that run commands
  reboot_jobs starts_;
  const bool prune_;
  bool begun_ = false, stopping_ = false, over_ = false;
  bool again_ = false;               // the files are to be read ...
  bool crontabs_only_ = false;       // ... but for configuration files
  std::string stamp_;                // of the crontabs, as they were looked at
  std::set<std::string> told_;       // what was said of files that keep nobody from running
  std::set<std::string> quiet_;      // jobs whose runs are not told unless they go wrong
  std::set<std::string> away_;       // stores that could not be asked when jobs were declared in them
  std::set<std::string> look_anew_;  // jobs of such stores whose lists of dates have changed meanwhile
  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_;
  boost::asio::steady_timer news_{io_, boost::asio::steady_timer::time_point::max()};
  scheduler scheduler_;
  subscription events_;
};

}  // namespace carillon::app
