#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>

namespace carillon {

/// Where all of a scheduler's state is touched: one strand of the caller's io_context. A concrete type,
/// because a million job loops pay for every byte and branch of a type-erased one.
using loop_executor = boost::asio::strand<boost::asio::io_context::executor_type>;

/// A coroutine of the scheduler or of a store, as against `boost::asio::awaitable<T>`, a coroutine of the
/// user.
template <typename T>
using loop_awaitable = boost::asio::awaitable<T, loop_executor>;

}  // namespace carillon
