#pragma once
#include <boost/asio/async_result.hpp>
#include <carillon/async/completion.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

// What stands behind the guards: one for each kind of lock.

namespace carillon::detail {

/// Something that is held, for as long as its guard is there.
/// Thread safety: shared objects, safe.
class hold {
 public:
  virtual ~hold() = default;
  virtual std::uint64_t fence() const noexcept = 0;
  virtual bool is_good() const noexcept = 0;
  /// Completes when it is lost; with `operation_aborted` when it was given back before.
  virtual void start_lost(completion_handler<void> done) = 0;
  /// Gives it back; completes with whether it was ours until then.
  virtual void start_release(completion_handler<bool> done) = 0;
  /// Gives it back, and tells nobody. Does nothing the second time.
  virtual void let_go() noexcept = 0;

 protected:
  hold() = default;
  hold(const hold&) = delete;
  hold& operator=(const hold&) = delete;
};
using hold_ptr = std::shared_ptr<hold>;

/// A key that nobody has done yet, and that its holder is at.
class pending_key : public hold {
 public:
  /// Marks it done; completes with false if somebody else has taken it meanwhile.
  virtual void start_done(std::chrono::milliseconds ttl, completion_handler<bool> done) = 0;
};

/// Starts an operation with the handler of a completion token, whose type ends here.
template <typename T, typename Token, typename Start>
auto initiate(Token& token, Start start) {
  return boost::asio::async_initiate<Token, typename completion<T>::signature>(
      [](auto handler, Start begin) { std::move(begin)(completion_handler<T>(std::move(handler))); }, token,
      std::move(start));
}

}  // namespace carillon::detail
