#include <carillon/store/job_backend.hpp>
#include <carillon/store/job_store.hpp>

#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>

namespace carillon {

namespace {

[[noreturn]] void refuse_results() {
  throw boost::system::system_error(errc::store_refused,
                                    "this kind of store keeps no results, so that none can be waited for");
}

}  // namespace

loop_awaitable<std::size_t> job_store::stop_runs(std::string, std::string, cancel_reason) { co_return 0; }

loop_awaitable<std::vector<member_info>> job_store::members() { co_return std::vector<member_info>{}; }

loop_awaitable<group_answer> job_store::share_group(group_request request) {
  throw boost::system::system_error(errc::store_refused,
                                    "this store keeps no groups, and group '" + request.group + "' is one");
  co_return group_answer();
}

loop_awaitable<std::uint64_t> job_store::enqueue_awaited(extra_run) { refuse_results(); }

loop_awaitable<awaited_end> job_store::end_of(std::string, std::uint64_t) { refuse_results(); }

loop_awaitable<std::optional<std::string>> job_store::result(std::string, std::string, instant) {
  co_return std::nullopt;
}

loop_awaitable<awaited_end> job_backend::end_of(std::string, std::uint64_t) { refuse_results(); }

loop_awaitable<std::optional<std::string>> job_backend::result(std::string, std::string, instant) {
  co_return std::nullopt;
}

}  // namespace carillon
