#include <carillon/redis/link.hpp>
#include <carillon/redis/mutex.hpp>
#include <utility>

#include "redis/shared_lock.hpp"

namespace carillon::redis {

mutex::mutex(link& through, std::string name) : link_{through.state()}, name_{std::move(name)} {
  check_lock_name({"lock", name_});
}

void mutex::start_lock(lock_options how, std::optional<milliseconds> limit,
                       detail::completion_handler<detail::hold_ptr> done) {
  start_shared_lock(*link_, {"lock", name_}, how, limit, std::move(done));
}

}  // namespace carillon::redis
