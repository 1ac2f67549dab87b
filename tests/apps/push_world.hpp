#pragma once
#include <chrono>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "apps/store_world.hpp"
#include "push/push.hpp"
#include "push/service_keys.hpp"
#include "push/subscription.hpp"
#include "support/http_receiver.hpp"

namespace carillon::app {

/// What the receiver answered with 200 is counted by the key of the push.
struct ledger {
  void add(const testing::posted& what) {
    const std::lock_guard guard{lock};
    auto& all = by_key[what.key];
    all.push_back(what.body);
  }
  std::size_t size() {
    const std::lock_guard guard{lock};
    return by_key.size();
  }
  std::mutex lock;
  std::map<std::string, std::vector<std::string>> by_key;
};

/// `carillon push` with a file, a Redis and a folder for logs.
struct push_world {
  answered ask(arguments words, std::string_view input = {}) const {
    program asked{std::move(words), input};
    const auto code = asked.ends();
    return {code, asked.out(), asked.err()};
  }
  answered push(arguments words, std::string_view input = {}) const {
    words.insert(words.begin(), "push");
    return ask(std::move(words), input);
  }

  std::string write_file(const std::string& deliver, const std::string& more = {},
                         const std::string& lease = "10s") {
    file = folder.write("push.toml",
                        "[push]\nstore = \"" + server.url() +
                            "\"\nsubscriptions = \"demo:subscription\"\nsent = \"demo:exist_push\"\n"
                            "timezone = \"UTC\"\nlease = \"" +
                            lease + "\"\n" + more + "[push.deliver]\n" + deliver);
    return file;
  }

  /// The subscription of a user to be sent at that minute, and the key of that push.
  std::string subscribe(const std::string& user, std::chrono::sys_time<std::chrono::minutes> due) const {
    const auto of_day = due - std::chrono::floor<std::chrono::days>(due);
    const auto score = pushes::score_of(std::chrono::duration_cast<std::chrono::minutes>(of_day));
    server.cli({"ZADD", "demo:subscription", std::to_string(score), "user:" + user + "|tag:news|x"});
    return pushes::idempotency_key(user, "news|x", due);
  }
  static std::chrono::sys_time<std::chrono::minutes> this_minute() {
    return std::chrono::floor<std::chrono::minutes>(std::chrono::system_clock::now());
  }

  testing::child start(const std::string& name) const {
    return testing::child::start({CARILLON_PROGRAM, "push", file, "--instance", name},
                                 folder.path() / (name + ".log"));
  }
  std::string log(const std::string& name) const {
    std::ifstream in{folder.path() / (name + ".log")};
    return {std::istreambuf_iterator<char>(in), {}};
  }
  template <typename Condition>
  static bool within(std::chrono::seconds patience, Condition fine) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!fine()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return true;
  }

  static pushes::push_options options() {
    pushes::push_options how;
    how.subscriptions = "demo:subscription";
    how.sent = "demo:exist_push";
    return how;
  }

  testing::redis_server server;
  pushes::service_keys keys{"default", options()};
  testing::temporary_folder folder;
  std::string file;
};

}  // namespace carillon::app
