#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace carillon::redis {

class lock_clerk;

/// Where what locks want is handed in, from any thread and for as long as anybody likes: once its clerk has
/// gone home, it is closed.
///
/// Thread safety: shared objects, safe.
class lock_desk {
 public:
  using errand = std::function<void(lock_clerk&)>;

  /// @param otherwise By way of which handlers are completed. Outlives the desk.
  lock_desk(std::string_view name_space, boost::asio::any_io_executor otherwise);

  /// `hand_over` calls an errand on the strand of the clerk, later.
  void open(std::function<void(errand)> hand_over);
  void close();

  /// False, and it is not run, if the desk is closed. Otherwise it is run, unless the link goes before.
  bool submit(errand what);

  const boost::asio::any_io_executor& otherwise() const noexcept { return otherwise_; }

  /// Of one question: nobody else's, and it says by which channel its owner is told.
  std::string next_token();
  /// What the channels of notices begin with.
  const std::string& channels() const noexcept { return channels_; }
  /// The channel of this desk.
  std::string channel() const { return channels_ + owner_; }

 private:
  const boost::asio::any_io_executor otherwise_;
  const std::string channels_;
  const std::string owner_;
  std::mutex gate_;
  std::function<void(errand)> hand_over_;
  std::uint64_t tokens_ = 0;
};

}  // namespace carillon::redis
