// The part of Asio that needs OpenSSL is compiled once, here.
#include <boost/asio/ssl/impl/src.hpp>
