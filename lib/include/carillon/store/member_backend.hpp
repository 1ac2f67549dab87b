#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/store/job_backend.hpp>
#include <carillon/store/member.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace carillon {

/// What a heartbeat brings home.
struct members_answer {
  enum class kind : std::uint8_t {
    member,       ///< The lease is renewed.
    gone,         ///< It had run out: this member is no more, and must join anew under another id.
    other_store,  ///< Another store has taken the place of the one that was opened, or it is empty.
  } what{};
  instant store_time;                ///< The store's clock.
  std::vector<member_info> members;  ///< All that are live, this one included; `work` is null in them.
};

/// Where instances meet: leases by the store's clock. Each function is one atomic step, sent once.
///
/// Used on an executor of its own, so that a caller's blocked event loop does not lose leases. Errors as
/// `job_backend`. Thread safety: none; one strand.
class member_backend {
 public:
  virtual ~member_backend() = default;

  /// Adds `me` under its (new) id. `expected` is the store that was opened.
  virtual loop_awaitable<members_answer> join(const member_info& me, milliseconds lease,
                                              store_identity expected) = 0;
  /// Drops members whose lease has run out, then renews that of `me` if it is still there. When the store's
  /// clock has jumped (is before, or more than half a lease after, anybody's last heartbeat) all leases move
  /// by the gap before anything is dropped.
  virtual loop_awaitable<members_answer> heartbeat(const member_info& me, milliseconds lease,
                                                   store_identity expected) = 0;
  virtual loop_awaitable<void> leave(std::string member) = 0;
  /// All that are live; adds and renews nothing.
  virtual loop_awaitable<members_answer> members() = 0;

  /// Makes known what a digest stands for; kept a while after the last heartbeat that names it.
  virtual loop_awaitable<void> publish_work(const served_work& work) = 0;
  /// Null: nobody has published it, or it was too long ago.
  virtual loop_awaitable<std::shared_ptr<const served_work>> fetch_work(std::uint64_t digest) = 0;
};

}  // namespace carillon
