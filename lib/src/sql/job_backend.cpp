// The backend as a whole: which store it has opened, and what it tells. Jobs: job_backend_jobs.cpp; their
// runs: job_backend_runs.cpp; what they leave behind: job_backend_data.cpp; groups: job_backend_groups.cpp;
// who runs after whom: job_backend_follows.cpp; what others have changed: job_backend_notices.cpp.

#include "sql/job_backend.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "store/attempt.hpp"

namespace carillon::sql {

namespace {

constexpr std::chrono::seconds patience_for_tables{30};

}  // namespace

job_backend::job_backend(std::shared_ptr<store_tables> tables, std::shared_ptr<worker_pool> pool,
                         std::chrono::milliseconds look_for_changes)
    : tables_{std::move(tables)}, pool_{std::move(pool)}, between_looks_{look_for_changes} {}

job_backend::~job_backend() {
  if (listener_) *listener_ = nullptr;
}

loop_awaitable<store_identity> job_backend::open(std::uint32_t partitions, backend_listener& listener) {
  const loop_executor where = co_await boost::asio::this_coro::executor;
  const auto& file = tables_->where;
  const bool is_missing = file.kind == database_kind::sqlite && !tables_->create &&
                          !std::filesystem::exists(std::filesystem::path{file.file});
  if (is_missing)
    throw boost::system::system_error(errc::no_store, fmt::format("there is no file {}", file.file));
  where_ = where;
  if (!listener_) listener_ = std::make_shared<backend_listener*>();
  *listener_ = &listener;
  // Tables may have to be made, for which some databases take their time.
  auto find = [tables = tables_, partitions](session& with) { return find_store(with, *tables, partitions); };
  auto finding = reach<store_identity>(std::move(find), patience_for_tables);
  store_ = co_await std::move(finding);
  noticed_.clear();
  doubted_.clear();
  auto seeing = see_changes();
  auto seen = co_await std::move(seeing);
  follow(std::move(seen));
  if (tasks_) co_return store_;
  closing_ = false;
  pause_ = std::make_unique<boost::asio::steady_timer>(where);
  tasks_ = std::make_unique<task_group>(where, [tables = tables_](const std::exception_ptr& failure) {
    tables->tell_once("sql store: " + what_of(failure));
  });
  tasks_->spawn(look_for_changes());
  co_return store_;
}

loop_awaitable<void> job_backend::close() {
  closing_ = true;
  if (listener_) *listener_ = nullptr;
  if (!tasks_) co_return;
  pause_->cancel();
  auto ending = tasks_->join();
  co_await std::move(ending);
  tasks_.reset();
}

std::uint32_t job_backend::partition_of(std::string_view id) const noexcept {
  return carillon::partition_of(id, store_.partitions);
}

void job_backend::tell_reachable(bool reachable, const std::string& why) {
  if (reachable_ == reachable || !where_) return;
  reachable_ = reachable;
  boost::asio::post(*where_, [to = listener_, reachable, why] {
    if (*to) (*to)->on_reachable(reachable, why);
  });
}

void job_backend::tell(std::vector<change_notice> notices) {
  if (notices.empty() || !where_) return;
  boost::asio::post(*where_, [to = listener_, notices = std::move(notices)] {
    for (const auto& each : notices) {
      if (!*to) return;
      if (!each.group.empty())
        (*to)->on_group_place(each.member, each.group);
      else if (each.run.empty())
        (*to)->on_change(each.part, each.number, each.job);
      else
        (*to)->on_stop_asked(each.member, each.run, each.why);
    }
  });
}

}  // namespace carillon::sql
