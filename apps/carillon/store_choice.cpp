#include "carillon/store_choice.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/null_sink.h>

#include <cstdlib>
#include <utility>

#include "carillon/diagnostic.hpp"
#include "carillon/store_access.hpp"

namespace carillon::app {

std::string chosen_store(const std::string& given) {
  const auto* from_environment = std::getenv("CARILLON_STORE");
  const bool from_option = !given.empty();
  const std::string url = from_option ? given : from_environment != nullptr ? from_environment : "";
  if (url.empty())
    throw wrong_argument("there is no store to look at",
                         fmt::format("--store URL, or the same in $CARILLON_STORE: {}", ways_to_a_store));
  if (url == "memory:")
    throw wrong_argument("--store: jobs in the memory of a process can be looked at by nobody else",
                         std::string{ways_to_a_store});
  if (url.find(':') == std::string::npos)
    throw wrong_argument(fmt::format("{}: '{}' is no URL: names of stores hold within a daemon's file, whose "
                                     "[stores.NAME] url says where one is",
                                     from_option ? "--store" : "$CARILLON_STORE", shown(url, 100)),
                         std::string{ways_to_a_store});
  if (const auto fault = fault_of_store(url)) {
    throw wrong_argument(fmt::format("{}: {} (character {})", from_option ? "--store" : "$CARILLON_STORE",
                                     fault->message, fault->position + 1),
                         fault->hint.empty() ? std::string{ways_to_a_store} : fault->hint);
  }
  return url;
}

store_maker maker_of(std::string url, bool create) {
  return [url = std::move(url), create](boost::asio::io_context& io) {
    shared_store_choice how;
    how.url = url;
    how.create = create;
    how.log = std::make_shared<spdlog::logger>("carillon", std::make_shared<spdlog::sinks::null_sink_mt>());
    return make_shared_store(io, how);
  };
}

}  // namespace carillon::app
