#include "carillon/store_access.hpp"

#include <spdlog/sinks/null_sink.h>
#include <carillon/redis/job_store.hpp>
#include <carillon/redis/link.hpp>

#include <algorithm>
#include <utility>

#include "carillon/shared/quiet_link.hpp"
#include "carillon/store_kinds.hpp"

namespace carillon::app {
namespace {

redis::link_options link_options_of(const std::string& url, std::shared_ptr<spdlog::logger> log) {
  auto options = redis::parse_link_options(url).value();
  options.logger = std::move(log);
  return options;
}

struct linked_store {
  linked_store(boost::asio::io_context& io, const shared_store_choice& how)
      : link{io, link_options_of(how.url, how.log)}, store{link, options(how)} {}

  static redis::job_store_options options(const shared_store_choice& how) {
    redis::job_store_options made;
    if (how.lease) made.lease = *how.lease;
    if (how.history) made.ledger_length = std::max<std::size_t>(*how.history, 1);
    made.partitions = how.partitions;
    made.create = how.create;
    return made;
  }

  redis::link link;
  redis::job_store store;
};

}  // namespace

std::optional<parse_error> fault_of_redis(std::string_view url) {
  const auto read = redis::parse_link_options(url);
  if (read) return std::nullopt;
  return read.error();
}

std::shared_ptr<job_store> make_redis_store(boost::asio::io_context& io, const shared_store_choice& how) {
  const auto both = std::make_shared<linked_store>(io, how);
  return {both, &both->store};
}

redis::link_options quiet_options(const std::string& url) {
  return link_options_of(
      url, std::make_shared<spdlog::logger>("carillon", std::make_shared<spdlog::sinks::null_sink_mt>()));
}

std::string address_of_redis(const std::string& url) {
  boost::asio::io_context io;
  return redis::link{io, quiet_options(url)}.address();
}

}  // namespace carillon::app
