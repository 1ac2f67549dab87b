#pragma once
#include <carillon/executor/command_executor.hpp>
#include <carillon/http/http_executor.hpp>
#include <carillon/store/memory_store.hpp>

#include <boost/asio/use_future.hpp>
#include <boost/json/parse.hpp>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "carillon/commands/command_context.hpp"
#include "support/scheduler_world.hpp"

namespace carillon::app {

/// Commands that work on a store, on one in memory, with a clock of its own.
class command_world : public testing::simulation {
 public:
  command_world() : store{std::make_shared<memory_store>()}, scheduler_{io, store, options()} {
    scheduler_.executor("command", std::make_shared<command_executor>());
    scheduler_.executor("http", std::make_shared<http_executor>());
  }
  ~command_world() override {
    shutdown_options at_once;
    at_once.drain = milliseconds{0};
    scheduler_.shutdown(at_once, [](const std::exception_ptr&) {});
    settle();
  }

  /// Lets jobs run.
  scheduler& start() {
    boost::asio::co_spawn(io, scheduler_.run(), [](const std::exception_ptr&) {});
    settle();
    return scheduler_;
  }

  struct said {
    int code = 0;
    std::string out, err;
    boost::json::object object() const { return boost::json::parse(out).as_object(); }
  };

  /// Does a command; what it finds wrong with its arguments is thrown.
  said ask(const std::function<loop_awaitable<int>(command_context&)>& command, bool json = false) {
    std::ostringstream out, err;
    command_context context{scheduler_, *store, now(), zone{}, json, out, err};
    const auto strand = *scheduler_.get_executor().target<loop_executor>();
    const int code = run_on(strand, command(context));
    return {code, out.str(), err.str()};
  }

  std::shared_ptr<memory_store> store;

 private:
  scheduler_options options() {
    scheduler_options made;
    made.clock = clock();
    made.instance = "cellar";
    made.time_zone = zone{};
    made.logger = std::make_shared<spdlog::logger>("test", std::make_shared<testing::log_keeper>());
    return made;
  }

  scheduler scheduler_;
};

}  // namespace carillon::app
