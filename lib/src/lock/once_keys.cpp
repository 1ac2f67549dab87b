#include <carillon/lock/once_keys.hpp>
#include <utility>

#include "lock/local_keys.hpp"

namespace carillon {

memory_once_keys::memory_once_keys(boost::asio::any_io_executor where, std::shared_ptr<clock> time)
    : keys_{std::make_shared<local_keys>(std::move(where), std::move(time))} {}

void memory_once_keys::start_claim(std::string key, once_options how,
                                   detail::completion_handler<once_claim> done) {
  keys_->claim(std::move(key), how.wait, std::move(done));
}

}  // namespace carillon
