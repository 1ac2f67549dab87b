#pragma once
#include <list>
#include <memory>
#include <string>

#include "push/outbox.hpp"

namespace carillon::pushes {

/// A push on its way.
struct outbox::entry {
  reservation what;
  share* owner = nullptr;
  stage at = stage::ready;
  std::uint32_t tries = 0;  ///< Begun here.
  bool lost = false;        ///< Somebody else has it.
  given_back how = given_back::untouched;
  std::string reason;  ///< Why the last attempt failed.
  std::list<entry_ptr>::iterator place;
};

}  // namespace carillon::pushes
