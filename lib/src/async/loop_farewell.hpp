#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>

namespace carillon {

/// Has something called when an event loop goes, while what was made on it can still be given up: a timer, a
/// socket or a strand that outlives its loop is the end of the program.
///
/// Thread safety: distinct objects: safe, also while the loop goes in another thread: then what is called may
/// run on while this is destroyed, so it refers weakly to what it touches.
class loop_farewell {
 public:
  loop_farewell() = default;
  /// `call` must not throw.
  loop_farewell(const boost::asio::any_io_executor& where, std::function<void()> call);
  loop_farewell(loop_farewell&& other) noexcept = default;
  loop_farewell& operator=(loop_farewell&& other) noexcept;
  /// As `take_back`.
  ~loop_farewell() { take_back(); }

  /// Nothing is called any more.
  void take_back() noexcept;

 private:
  friend class loop_farewells;
  struct calls;

  std::shared_ptr<calls> calls_;
  std::uint64_t number_ = 0;
};

}  // namespace carillon
