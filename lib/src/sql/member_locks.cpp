#include "sql/member_locks.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <xxhash.h>

namespace carillon::sql {

namespace {

struct flock lock_of(std::string_view member, short type) {
  struct flock which{};
  which.l_type = type;
  which.l_whence = SEEK_SET;
  which.l_start = static_cast<off_t>(XXH64(member.data(), member.size(), 0) >> 2);
  which.l_len = 1;
  return which;
}

}  // namespace

member_locks::~member_locks() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool member_locks::is_open() {
  if (descriptor_ < 0) descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  return descriptor_ >= 0;
}

bool member_locks::hold(std::string_view member) {
  if (held_ == member && !held_.empty()) return true;
  let_go();
  if (!is_open()) return false;
  auto wanted = lock_of(member, F_WRLCK);
  if (::fcntl(descriptor_, F_OFD_SETLK, &wanted) != 0) return false;
  held_ = member;
  return true;
}

void member_locks::let_go() {
  if (held_.empty()) return;
  auto mine = lock_of(held_, F_UNLCK);
  ::fcntl(descriptor_, F_OFD_SETLK, &mine);
  held_.clear();
}

bool member_locks::is_dead(std::string_view member) const {
  if (held_ == member) return false;
  const int descriptor = descriptor_ >= 0 ? descriptor_ : ::open(file_.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  auto asked = lock_of(member, F_WRLCK);
  const bool is_free = ::fcntl(descriptor, F_OFD_GETLK, &asked) == 0 && asked.l_type == F_UNLCK;
  if (descriptor != descriptor_) ::close(descriptor);
  return is_free;
}

}  // namespace carillon::sql
