#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace carillon {

/// A user of this machine, as commands that run for them need it.
struct user_account {
  std::string name, home, shell;
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  ///< All, `group` included.

  /// Whether this process is that user already.
  bool is_ours() const noexcept;
};

/// `name` may be a number: that of a user, if no user has it as a name.
///
/// Errors: throws `failure` named "start" if there is no such user here, or if this process may not run
/// commands as them.
user_account find_account(const std::string& name);

}  // namespace carillon
