#include <carillon/redis/link.hpp>
#include <carillon/redis/semaphore.hpp>
#include <utility>

#include "redis/shared_lock.hpp"

namespace carillon::redis {

semaphore::semaphore(link& through, std::string name, std::size_t places)
    : link_{through.state()}, name_{std::move(name)}, places_{places} {
  check_lock_name({"semaphore", name_, places_});
}

void semaphore::start_lock(lock_options how, std::optional<milliseconds> limit,
                           detail::completion_handler<detail::hold_ptr> done) {
  start_shared_lock(*link_, {"semaphore", name_, places_}, how, limit, std::move(done));
}

}  // namespace carillon::redis
