#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <carillon/redis/link.hpp>
#include <stdexcept>

#include "redis/link_state.hpp"
#include "redis/link_url.hpp"
#include "redis/outage.hpp"
#include "redis/tls.hpp"

namespace carillon::redis {

namespace {

void check_name_space(const std::string& name) {
  if (!is_name_space(name))
    throw std::invalid_argument(fmt::format("name_space '{}': {}", name, what_name_spaces_are));
}

void check_time(const char* name, std::chrono::milliseconds value) {
  if (value.count() <= 0)
    throw std::invalid_argument(fmt::format("{} {} ms: more than 0", name, value.count()));
}

void check(const link_options& options, const endpoint& where) {
  check_name_space(options.name_space);
  check_time("command_timeout", options.command_timeout);
  check_time("connect_timeout", options.connect_timeout);
  check_time("health_check_interval", options.health_check_interval);
  if (!where.tls && !(options.certificate_authority + options.certificate + options.key).empty()) {
    throw std::invalid_argument(
        fmt::format("{}: certificates are for TLS: rediss:// or rediss+sentinel://", where.to_string()));
  }
  if (options.certificate.empty() != options.key.empty()) {
    throw std::invalid_argument("certificate and key: both or none");
  }
}

connection_options connecting_by(const link_target& target) {
  connection_options how;
  const auto& options = target.options;
  how.where = target.where;
  how.tls.authority_file = options.certificate_authority;
  how.tls.certificate_file = options.certificate;
  how.tls.key_file = options.key;
  how.tls.server_name = options.server_name;
  how.command_timeout = options.command_timeout;
  how.connect_timeout = options.connect_timeout;
  how.health_check_interval = options.health_check_interval;
  how.logger = options.logger ? options.logger : spdlog::default_logger();
  how.outage = std::make_shared<outage>();
  return how;
}

}  // namespace

link_state::link_state(boost::asio::io_context& io, link_options how) : io_{io} {
  auto url = how.url;
  auto target = parse_link_url(url, std::move(how)).value();
  check(target.options, target.where);
  connecting_ = connecting_by(target);
  make_tls_context(connecting_.where, connecting_.tls);  // So that a file that cannot be read is told here.
  options_ = std::move(target.options);
}

std::unique_ptr<connection> link_state::connect(const loop_executor& where, std::string_view who) const {
  auto how = connecting_;
  how.client_name = fmt::format("carillon-{}-{}", options_.name_space, who);
  return std::make_unique<connection>(where, std::move(how));
}

std::shared_ptr<background> link_state::background() {
  const std::lock_guard guard{lock_};
  if (!background_ && !over_) {
    auto how = connecting_;
    how.client_name = fmt::format("carillon-{}-leases", options_.name_space);
    background_ =
        std::make_shared<redis::background>(std::move(how), options_.name_space, io_.get_executor());
  }
  return background_;
}

std::shared_ptr<lock_desk> link_state::locks() {
  const auto thread = background();
  return thread ? thread->locks() : nullptr;
}

void link_state::shut_down() {
  std::shared_ptr<redis::background> ending;
  {
    const std::lock_guard guard{lock_};
    over_ = true;
    ending = std::move(background_);
  }
  if (ending) ending->shut_down();  // Also where a store still has it.
}

link::link(boost::asio::io_context& io, link_options how)
    : state_{std::make_shared<link_state>(io, std::move(how))} {}

link::~link() { state_->shut_down(); }

const link_options& link::options() const noexcept { return state_->options(); }

std::string link::address() const { return state_->connecting().where.to_string(); }

}  // namespace carillon::redis
