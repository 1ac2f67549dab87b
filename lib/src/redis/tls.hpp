#pragma once
#include <boost/asio/ssl/context.hpp>

#include "redis/connection_options.hpp"

namespace carillon::redis {

/// What a connection to the endpoint shows and asks for. Errors: throws `std::invalid_argument` that names
/// the file which cannot be used.
boost::asio::ssl::context make_tls_context(const endpoint& where, const tls_options& how);

}  // namespace carillon::redis
