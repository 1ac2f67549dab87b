#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/redis/inspection.hpp>

#include <functional>
#include <string>

namespace carillon::app {

/// Connects to the Redis of a URL, does `work`, and disconnects. Errors: those of `redis::inspection`, and
/// what `work` throws.
void inspect(const std::string& url, const std::function<loop_awaitable<void>(redis::inspection&)>& work);

}  // namespace carillon::app
