#include "support/simulated_network.hpp"

#include <algorithm>

namespace carillon::testing {

simulated_network::simulated_network(std::shared_ptr<clock> time, boost::asio::io_context& io)
    : time_{std::move(time)}, strand_{boost::asio::make_strand(io)}, bell_{*time_, strand_} {}

simulated_network::~simulated_network() { *alive_ = false; }

void simulated_network::at(instant when, std::function<void()> what) {
  queue_.push({std::max(when, now()), ++sent_, std::move(what)});
  if (!armed_ || queue_.top().when < *armed_) wait();
}

void simulated_network::wait() {
  armed_ = queue_.top().when;
  bell_.set(*armed_);
  bell_.async_wait([this, alive = alive_, at = *armed_](boost::system::error_code) {
    if (*alive && armed_ == at && now() >= at) deliver();
  });
}

void simulated_network::deliver() {
  armed_.reset();
  while (!queue_.empty() && queue_.top().when <= now()) {
    auto what = queue_.top().what;
    queue_.pop();
    what();
  }
  if (!queue_.empty() && !armed_) wait();
}

void simulated_link::mend() {
  cut_ = false;
  if (std::exchange(told_, false) && on_reachable) on_reachable(true);
}

void simulated_link::found_cut() {
  if (!std::exchange(told_, true) && on_reachable) on_reachable(false);
}

milliseconds simulated_link::way() {
  const auto between = [this](milliseconds least, milliseconds most) {
    const auto range = static_cast<std::uint64_t>(std::max<std::int64_t>((most - least).count(), 0)) + 1;
    return least + milliseconds{static_cast<std::int64_t>(random_() % range)};
  };
  if (chance(faults_.slow_percent)) return between(faults_.most, faults_.slowest);
  return between(faults_.least, faults_.most);
}

void simulated_link::notify(std::function<void()> what) {
  if (cut_ || chance(faults_.lost_notices)) return;
  network_.at(network_.now() + (faults_.perfect() ? milliseconds{0} : way()), [this, what = std::move(what)] {
    if (!cut_) what();
  });
}

}  // namespace carillon::testing
