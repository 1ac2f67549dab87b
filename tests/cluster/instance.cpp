#include "instance.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <stdexcept>

#include "body_log.hpp"
#include "shared_clock.hpp"

namespace carillon::testing {

instance::instance(std::string name, std::filesystem::path folder, std::vector<std::string> worker)
    : name_{std::move(name)}, folder_{std::move(folder)}, worker_{std::move(worker)} {}

std::vector<std::string> instance::command() const {
  std::vector<std::string> words;
  if (clock_off_ != std::chrono::seconds{0}) {
    words = {"env", std::string{"LD_PRELOAD="} + CARILLON_FAKETIME,
             fmt::format("FAKETIME={:+}s", clock_off_.count()), "FAKETIME_DONT_FAKE_MONOTONIC=1"};
  }
  words.insert(words.end(), worker_.begin(), worker_.end());
  words.push_back("instance=" + process_name());
  words.push_back("log=" + file(".bodies").string());
  if (proxy_) words.push_back("port=" + std::to_string(proxy_->port()));
  return words;
}

void instance::start() {
  ++generation_;
  process_ = child::start(command(), file(".log"));
  lives_.push_back({process_name(), std::nullopt, {}});
  wanted_ = true;
}

void instance::ended() {
  lives_.back().ended = shared_now();
  auto& frozen = lives_.back().frozen;
  if (!frozen.empty() && frozen.back().second == shared_time::max()) frozen.back().second = shared_now();
  wanted_ = false;
}

void instance::kill() {
  process_.kill();
  ended();
}

void instance::freeze() {
  lives_.back().frozen.emplace_back(shared_now(), shared_time::max());
  process_.signal(SIGSTOP);
}

void instance::thaw() {
  process_.signal(SIGCONT);
  lives_.back().frozen.back().second = shared_now();
}

void instance::terminate() {
  if (!wanted_) return;
  process_.terminate();
  note_crash();
  ended();
}

void instance::revive() {
  if (!wanted_ || process_.running()) return;
  note_crash();
  ++gave_up_;
  ended();
  start();
}

void instance::note_crash() {
  // SIGTERM ends it by itself before it has a handler.
  if (!WIFSIGNALED(process_.status()) || WTERMSIG(process_.status()) == SIGTERM) return;
  crashes_.push_back(fmt::format("{} was ended by signal {}, see {}", process_name(),
                                 WTERMSIG(process_.status()), file(".log").string()));
}

std::vector<body_mark> instance::marks() const {
  std::vector<body_mark> all;
  for (const auto& life : lives_) {
    auto marks = read_body_log(folder_ / (life.instance + ".bodies"));
    all.insert(all.end(), std::make_move_iterator(marks.begin()), std::make_move_iterator(marks.end()));
  }
  return all;
}

}  // namespace carillon::testing
