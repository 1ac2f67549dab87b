#include "redis/lock_desk.hpp"

#include <fmt/format.h>

#include <random>
#include <utility>

namespace carillon::redis {

namespace {

// Nobody else's, for as long as anybody remembers it.
std::string random_name() {
  std::random_device source;
  std::string name;
  for (int part = 0; part < 4; ++part) name += fmt::format("{:08x}", source());
  return name;
}

}  // namespace

lock_desk::lock_desk(std::string_view name_space, boost::asio::any_io_executor otherwise)
    : otherwise_{std::move(otherwise)},
      channels_{fmt::format("carillon:{}:wake:", name_space)},
      owner_{random_name()} {}

void lock_desk::open(std::function<void(errand)> hand_over) {
  const std::lock_guard lock{gate_};
  hand_over_ = std::move(hand_over);
}

void lock_desk::close() {
  const std::lock_guard lock{gate_};
  hand_over_ = nullptr;
}

bool lock_desk::submit(errand what) {
  const std::lock_guard lock{gate_};
  if (!hand_over_) return false;
  hand_over_(std::move(what));
  return true;
}

std::string lock_desk::next_token() {
  const std::lock_guard lock{gate_};
  return fmt::format("{}-{}", owner_, ++tokens_);
}

}  // namespace carillon::redis
