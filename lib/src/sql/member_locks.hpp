#pragma once
#include <string>
#include <string_view>

namespace carillon::sql {

/// Who of those that share a file of SQLite lives: each member holds a lock on a byte of a file beside it,
/// which the system takes from a process that ends, however it ends. So that one that was killed and starts
/// again need not wait until the lease of its former life is over.
///
/// Only who holds a lock makes that file.
///
/// Thread safety: none.
class member_locks {
 public:
  /// @param database The file whose members they are. Nothing is done with it yet.
  explicit member_locks(std::string database) : file_{std::move(database) + "-members"} {}
  ~member_locks();
  member_locks(const member_locks&) = delete;
  member_locks& operator=(const member_locks&) = delete;

  /// Takes the lock of a member, and lets go of the one that this held before. False: there are no locks
  /// here.
  bool hold(std::string_view member);
  void let_go();
  /// Whether a member that had a lock holds it no more.
  bool is_dead(std::string_view member) const;

 private:
  bool is_open();

  std::string file_;
  int descriptor_ = -1;
  std::string held_;
};

}  // namespace carillon::sql
