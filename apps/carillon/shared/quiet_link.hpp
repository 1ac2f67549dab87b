#pragma once
#include <carillon/redis/link.hpp>

#include <string>

namespace carillon::app {

/// Options of a link for a command that says itself what is wrong, and so logs nothing.
redis::link_options quiet_options(const std::string& url);

}  // namespace carillon::app
