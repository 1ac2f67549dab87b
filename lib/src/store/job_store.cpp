#include <carillon/store/job_store.hpp>

#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>

namespace carillon {

loop_awaitable<std::size_t> job_store::stop_runs(std::string, std::string, cancel_reason) { co_return 0; }

loop_awaitable<std::vector<member_info>> job_store::members() { co_return std::vector<member_info>{}; }

loop_awaitable<group_answer> job_store::share_group(group_request request) {
  throw boost::system::system_error(errc::store_refused,
                                    "this store keeps no groups, and group '" + request.group + "' is one");
  co_return group_answer();
}

}  // namespace carillon
