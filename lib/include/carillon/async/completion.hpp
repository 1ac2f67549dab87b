#pragma once
#include <boost/asio/any_completion_handler.hpp>
#include <exception>

namespace carillon::detail {

template <typename T>
struct completion {
  using signature = void(std::exception_ptr, T);
};
template <>
struct completion<void> {
  using signature = void(std::exception_ptr);
};

/// What an operation calls when it is over, whichever completion token it was given.
template <typename T>
using completion_handler = boost::asio::any_completion_handler<typename completion<T>::signature>;

}  // namespace carillon::detail
