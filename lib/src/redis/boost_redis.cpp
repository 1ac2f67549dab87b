// Boost.Redis, and the part of Asio that needs OpenSSL, are compiled once, here.
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/redis/src.hpp>
