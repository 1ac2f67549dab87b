#pragma once
#include <list>
#include <memory>
#include <string>

#include "push/outbox.hpp"

namespace carillon::pushes {

/// A push on its way.
struct outbox::entry {
  reservation what;
  std::shared_ptr<share::state> owner;
  std::chrono::steady_clock::time_point held_until;  ///< Its lease, as far as is known.
  stage at = stage::ready;
  std::uint32_t tries = 0;     ///< Begun here ...
  std::uint32_t answered = 0;  ///< ... of these, that reached somebody.
  bool lost = false;           ///< Somebody else has it.
  bool in_store = false;       ///< It is in a batch that is being marked or buried ...
  bool adopted = false;        ///< ... and was reserved again meanwhile: its token is another.
  bool buried = false;         ///< It has been counted among the dead.
  bool never = false;          ///< The receiver will not have it.
  bool away = false;           ///< Nobody was there when it was tried last.
  given_back how = given_back::untouched;
  std::string reason;  ///< Why the last attempt failed.
  std::list<entry_ptr>::iterator place;
};

}  // namespace carillon::pushes
