#pragma once
#include <doctest/doctest.h>
#include <boost/asio.hpp>
#include <carillon/carillon.hpp>
#include <string_view>

#include "support/scheduler_world.hpp"
#include "support/trigger_world.hpp"

namespace carillon::coming_from {

/// What a page says in C++ and beside it as text is one schedule.
inline void same(const trigger& in_words, std::string_view text) {
  CHECK(in_words.text() == trigger{text}.text());
}

}  // namespace carillon::coming_from
