#pragma once
#include <carillon/time/instant.hpp>

#include <string>

namespace carillon::app {

/// A duration as people say it, whatever its sign: "4 ms", "1.2 s", "3 min 5 s", "2 h 10 min", "3 d 4 h".
std::string spoken(milliseconds duration);

}  // namespace carillon::app
