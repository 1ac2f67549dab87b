#pragma once
#include <string_view>

namespace carillon::redis {

/// A script as Redis knows it. The constants are in the generated "redis/scripts.hpp".
struct lua_script {
  std::string_view name;    ///< Of its file, without the ending.
  std::string_view sha1;    ///< Of the source, 40 hexadecimal digits.
  std::string_view source;  ///< With what it includes.
};

}  // namespace carillon::redis
