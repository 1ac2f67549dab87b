#include "http/addresses.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancel_at.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/system/system_error.hpp>
#include <stdexcept>

namespace carillon::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto remembered_for = std::chrono::seconds{30};
using strand_timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                                asio::wait_traits<std::chrono::steady_clock>, loop_executor>;

}  // namespace

struct addresses::question {
  question(const loop_executor& where, std::string name, std::uint16_t number)
      : host{std::move(name)},
        port{number},
        resolver{where},
        answered{where, std::chrono::steady_clock::time_point::max()} {}

  // The system's resolver cannot be stopped, so the question belongs to nobody who could be.
  static void ask(const std::shared_ptr<question>& one) {
    one->under_way = true;
    one->resolver.async_resolve(
        one->host, std::to_string(one->port), tcp::resolver::numeric_service,
        [one](const boost::system::error_code& why, const tcp::resolver::results_type& found) {
          one->under_way = false;
          one->failure = why;
          one->at = std::chrono::steady_clock::now();
          one->known.clear();
          for (const auto& each : found) one->known.push_back(each.endpoint());
          ++one->answers;
          one->answered.cancel();
        });
  }

  std::string host;
  std::uint16_t port;
  asio::ip::basic_resolver<tcp, loop_executor> resolver;
  strand_timer answered;  // never rings: cancelling it wakes those who wait
  bool under_way = false;
  bool is_fixed = false;  // an address, not a name
  std::uint64_t answers = 0;
  boost::system::error_code failure;
  time_point at{};
  std::vector<endpoint> known;
};

addresses::addresses(const loop_executor& where, const std::string& host, std::uint16_t port)
    : question_{std::make_shared<question>(where, host, port)} {
  boost::system::error_code is_a_name;
  const auto address = asio::ip::make_address(host, is_a_name);
  if (is_a_name) return;
  question_->is_fixed = true;
  question_->known.emplace_back(address, port);
}

loop_awaitable<std::vector<addresses::endpoint>> addresses::find(time_point deadline) {
  const auto one = question_;
  const bool fresh =
      one->is_fixed || (!one->known.empty() && std::chrono::steady_clock::now() - one->at < remembered_for);
  if (fresh) co_return one->known;
  if (!one->under_way) question::ask(one);
  const auto before = one->answers;
  while (one->answers == before) {
    if (std::chrono::steady_clock::now() >= deadline)
      throw std::runtime_error(fmt::format("looking up the address of {} takes too long", one->host));
    co_await one->answered.async_wait(asio::cancel_at(deadline, asio::as_tuple(asio::deferred)));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      throw boost::system::system_error(asio::error::operation_aborted);
  }
  if (one->failure)
    throw std::runtime_error(
        fmt::format("the address of {} is not known: {}", one->host, one->failure.message()));
  co_return one->known;
}

void addresses::forget() {
  if (!question_->is_fixed) question_->known.clear();
}

}  // namespace carillon::http
