#include <carillon/lock/semaphore.hpp>
#include <stdexcept>
#include <utility>

#include "lock/local_places.hpp"

namespace carillon {

semaphore::semaphore(boost::asio::any_io_executor where, std::size_t places)
    : places_{std::make_shared<local_places>(std::move(where), places)} {
  if (places == 0) throw std::invalid_argument("places of a semaphore: 0; at least 1");
}

void semaphore::start_lock(lock_options /*how*/, std::optional<std::chrono::milliseconds> limit,
                           detail::completion_handler<detail::hold_ptr> done) {
  places_->take(limit, std::move(done));
}

}  // namespace carillon
