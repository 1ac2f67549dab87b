#include "carillon/push_access.hpp"
#include "carillon/store_kinds.hpp"

namespace carillon::app {
namespace {

const parse_error built_without{"this program was built without Redis", 0,
                                "build it with -D CARILLON_BUILD_REDIS=ON"};

}  // namespace

std::optional<parse_error> fault_of_redis(std::string_view url) {
  if (url.find("://") == std::string_view::npos) return parse_error{"no scheme", 0, {}};
  return built_without;
}

std::shared_ptr<job_store> make_redis_store(boost::asio::io_context&, const shared_store_choice&) {
  throw parse_failure(built_without);
}

std::string address_of_redis(const std::string&) { throw parse_failure(built_without); }

int run_members(const members_request&, std::ostream&, std::ostream&) { throw parse_failure(built_without); }

int run_history_follow(const history_follow_request&, std::ostream&, std::ostream&) {
  throw parse_failure(built_without);
}

int run_watch(const watch_request&, std::ostream&, std::ostream&) { throw parse_failure(built_without); }

diagnosis examine_redis(const doctor_request&) { throw parse_failure(built_without); }

int run_push(const push_request&, std::ostream&, std::ostream&) { throw parse_failure(built_without); }

int check_push(const push_request&, std::ostream&, std::ostream&) { throw parse_failure(built_without); }

int add_subscription(const push_request&, std::ostream&, std::ostream&) {
  throw parse_failure(built_without);
}

int remove_subscription(const push_request&, std::ostream&, std::ostream&) {
  throw parse_failure(built_without);
}

int list_subscriptions(const push_request&, std::ostream&, std::ostream&) {
  throw parse_failure(built_without);
}

int import_subscriptions(const push_request&, std::ostream&, std::ostream&) {
  throw parse_failure(built_without);
}

int export_subscriptions(const push_request&, std::ostream&, std::ostream&) {
  throw parse_failure(built_without);
}

int redrive_pushes(const push_request&, std::ostream&, std::ostream&) { throw parse_failure(built_without); }

}  // namespace carillon::app
