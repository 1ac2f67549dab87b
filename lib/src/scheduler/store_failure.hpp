#pragma once
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <exception>

namespace carillon {

/// The code of a failure that is the store's and may pass; none: it is something else.
inline boost::system::error_code store_failure(const std::exception_ptr& failure) noexcept {
  try {
    std::rethrow_exception(failure);
  } catch (const boost::system::system_error& thrown) {
    const auto& code = thrown.code();
    const bool of_store = code == errc::store_unreachable || code == errc::store_refused ||
                          code == errc::other_store || code == errc::lease_lost;
    return of_store ? code : boost::system::error_code{};
  } catch (...) {
    return {};
  }
}

inline bool is_store_failure(const std::exception_ptr& failure) noexcept {
  return static_cast<bool>(store_failure(failure));
}

}  // namespace carillon
