#pragma once
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

namespace carillon::testing {

/// Waits for something that happens sooner or later; a condition that throws does not hold yet. Errors:
/// throws `std::runtime_error` when it has not happened after a time that is ample on any machine.
template <typename Condition>
void wait_until(const std::string& what, Condition condition,
                std::chrono::seconds patience = std::chrono::seconds{90}) {
  const auto end = std::chrono::steady_clock::now() + patience;
  const auto holds = [&] {
    try {
      return static_cast<bool>(condition());
    } catch (const std::exception&) {
      return false;  // Whom it asks is not there yet.
    }
  };
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("waited in vain: " + what);
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
}

}  // namespace carillon::testing
