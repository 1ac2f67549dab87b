#pragma once
#include <doctest/doctest.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <carillon/async/loop.hpp>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace carillon::testing {

/// An event loop in real time, for what talks to real servers; and what is logged meanwhile.
class loop_world {
 public:
  /// Runs a coroutine on the strand to its end, and everything else meanwhile. Throws what it throws; fails
  /// the test if it takes longer than `patience`.
  template <typename T>
  T run(loop_awaitable<T> what, std::chrono::milliseconds patience = std::chrono::seconds{60}) {
    bool done = false;
    std::exception_ptr failure;
    if constexpr (std::is_void_v<T>) {
      boost::asio::co_spawn(strand, std::move(what), [&](std::exception_ptr why) {
        failure = why;
        done = true;
      });
      go_on(patience, done);
      if (failure) std::rethrow_exception(failure);
    } else {
      std::optional<T> answer;
      boost::asio::co_spawn(strand, std::move(what), [&](std::exception_ptr why, T value) {
        failure = why;
        if (!why) answer.emplace(std::move(value));
        done = true;
      });
      go_on(patience, done);
      if (failure) std::rethrow_exception(failure);
      return std::move(*answer);
    }
  }

  /// Runs the loop until something holds. False: it did not within `patience`.
  bool until(const std::function<bool()>& holds,
             std::chrono::milliseconds patience = std::chrono::seconds{30}) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!holds() && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(std::chrono::milliseconds{20});
    }
    return holds();
  }

  std::size_t logged(const std::string& words) const {
    const auto said = log->said();  // By any thread.
    std::size_t lines = 0;
    for (const auto& line : said) lines += line.find(words) != std::string::npos ? 1 : 0;
    return lines;
  }

  boost::asio::io_context io;
  loop_executor strand{io.get_executor()};

 private:
  struct keeper final : spdlog::sinks::base_sink<std::mutex> {
    std::vector<std::string> lines;
    std::vector<std::string> said() {
      const std::lock_guard lock{mutex_};
      return lines;
    }
    void sink_it_(const spdlog::details::log_msg& line) override {
      lines.push_back(std::string(spdlog::level::to_string_view(line.level).data()) + ": " +
                      std::string(line.payload.data(), line.payload.size()));
    }
    void flush_() override {}
  };

  void go_on(std::chrono::milliseconds patience, const bool& done) {
    until([&] { return done; }, patience);
    REQUIRE_MESSAGE(done, "this waits for something that never happens");
  }

 public:
  std::shared_ptr<keeper> log = std::make_shared<keeper>();
  std::shared_ptr<spdlog::logger> logger = std::make_shared<spdlog::logger>("test", log);
};

}  // namespace carillon::testing
