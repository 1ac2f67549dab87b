// Claims a second, with the ends of their runs, through each kind of store.
#include <fmt/format.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/spdlog.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <carillon/store/memory_store.hpp>
#include <carillon/time/system_clock.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench.hpp"
#include "support/deaf_listener.hpp"
#include "support/temporary_folder.hpp"

#ifdef CARILLON_WITH_REDIS
#include <carillon/redis/job_store.hpp>

#include "support/redis_server.hpp"
#endif
#ifdef CARILLON_WITH_SQL
#include <carillon/sql/job_store.hpp>

#include "support/sql_server.hpp"
#endif

namespace carillon::bench {

namespace {

using testing::deaf_listener;

std::shared_ptr<spdlog::logger> silent() {
  return std::make_shared<spdlog::logger>("bench", std::make_shared<spdlog::sinks::null_sink_mt>());
}

/// Jobs in a store, and their fires, as a scheduler asks for them: each job waits for its own answers only.
class fired_jobs {
 public:
  fired_jobs(std::shared_ptr<job_store> store, boost::asio::io_context& io, std::size_t count)
      : io_{io}, store_{std::move(store)} {
    served_work work;
    work.tasks = {"work"};
    store_->serve(std::move(work));
    std::vector<loop_awaitable<void>> opening;
    opening.push_back(store_->open("bench", nobody_));
    run(std::move(opening));
    std::vector<loop_awaitable<void>> adding;
    for (std::size_t i = 0; i < count; ++i) adding.push_back(add(fmt::format("job-{:07}", i)));
    run(std::move(adding));
  }
  ~fired_jobs() {
    std::vector<loop_awaitable<void>> closing;
    closing.push_back(store_->close());
    run(std::move(closing));
  }
  fired_jobs(const fired_jobs&) = delete;
  fired_jobs& operator=(const fired_jobs&) = delete;

  /// Fires of `jobs` of them at a time, `each` of each, a second.
  double rate(std::size_t jobs, std::size_t each) {
    std::vector<loop_awaitable<void>> firing;
    for (std::size_t i = 0; i < jobs; ++i) firing.push_back(fire(jobs_.at(i), each));
    const auto start = std::chrono::steady_clock::now();
    run(std::move(firing));
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return static_cast<double>(jobs * each) / took.count();
  }

 private:
  loop_awaitable<void> add(std::string id) {
    auto definition =
        std::make_shared<job_definition>(job_definition{id, trigger{"every 60s"}, {}, {}, {}, {}, {}});
    definition->task = std::string_view{"work"};
    definition->options = default_options();
    job_record record;
    record.definition = std::move(definition);
    record.anchor = record.cursor = record.due = system_clock{}.now();
    co_await store_->add(std::move(record), on_conflict::refuse);
    auto job = co_await store_->load(id);
    jobs_.push_back(std::move(job.value()));
  }

  loop_awaitable<void> fire(loaded_job& job, std::size_t times) {
    const auto member = store_->member();
    const outcome succeeded;
    for (std::size_t k = 0; k < times; ++k) {
      const auto run_id = fmt::format("bench-{:x}", ++runs_);
      claim_request request;
      request.id = job.record.id();
      request.handle = job.handle;
      request.expected_cursor = request.now = *job.record.cursor;
      request.expected_revision = job.record.revision;
      request.next_cursor = request.next_due = *job.record.cursor + milliseconds{60'000};
      request.member = member;
      request.runs.push_back({request.expected_cursor, request.expected_cursor, run_id});
      const auto won = co_await store_->claim(request);
      if (won.runs.size() != 1 || won.runs[0].what != run_answer::kind::won)
        throw std::logic_error("a claim was not won");
      run_report report;
      report.id = request.id;
      report.handle = job.handle;
      report.run_id = run_id;
      report.member = member;
      report.fence = won.runs[0].fence;
      report.occurrence = report.due = report.started = report.finished = request.now;
      report.result = &succeeded;
      co_await store_->finish(report);
      job.record.cursor = request.next_cursor;
    }
  }

  void run(std::vector<loop_awaitable<void>> all) {
    std::size_t left = all.size();
    std::exception_ptr failure;
    for (auto& one : all) {
      boost::asio::co_spawn(strand_, std::move(one), [&](const std::exception_ptr& thrown) {
        if (thrown) failure = thrown;
        --left;
      });
    }
    while (left > 0) {
      io_.restart();
      io_.run_one();
    }
    if (failure) std::rethrow_exception(failure);
  }

  boost::asio::io_context& io_;
  std::shared_ptr<job_store> store_;
  loop_executor strand_{boost::asio::make_strand(io_)};
  deaf_listener nobody_;
  std::vector<loaded_job> jobs_;
  std::uint64_t runs_ = 0;
};

struct rates {
  double alone = 0, together = 0;
};

rates rates_of(boost::asio::io_context& io, std::shared_ptr<job_store> store, std::size_t each) {
  const auto count = scaled(1'000);
  fired_jobs jobs{std::move(store), io, count};
  rates measured;
  jobs.rate(count, 1);
  measured.alone = jobs.rate(1, scaled(200));
  measured.together = jobs.rate(count, each);
  return measured;
}

const benchmark stores{"stores", "claims with their finishes a second, through each kind of store",
                       [](report& out) {
                         boost::asio::io_context io{1};
                         const auto memory = rates_of(io, std::make_shared<memory_store>(), 200);
                         const auto tell = [&](std::string_view what, const rates& seen) {
                           out.add({fmt::format("{}, one job", what), seen.alone, "1/s", memory.alone, {}});
                           out.add({fmt::format("{}, {} jobs at once", what, scaled(1'000)),
                                    seen.together,
                                    "1/s",
                                    memory.together,
                                    {}});
                         };
                         out.section("claims with their finishes a second (limit: the memory store)");
                         tell("memory", memory);
#ifdef CARILLON_WITH_REDIS
                         {
                           const testing::redis_server server;
                           redis::link_options where;
                           where.url = server.url();
                           where.logger = silent();
                           redis::link link{io, where};
                           tell("Redis", rates_of(io, std::make_shared<redis::job_store>(link), 20));
                         }
#endif
#ifdef CARILLON_WITH_SQL
                         const auto of_url = [&](std::string_view what, std::string url) {
                           sql::job_store_options how;
                           how.url = std::move(url);
                           how.timeout = std::chrono::seconds{60};
                           how.logger = silent();
                           tell(what, rates_of(io, std::make_shared<sql::job_store>(how), 20));
                         };
                         {
                           const testing::temporary_folder folder;
                           of_url("SQLite", "sqlite:" + folder.path("jobs.db"));
                         }
                         {
                           const testing::sql_server server{testing::sql_server::kind::postgresql, true};
                           of_url("PostgreSQL", server.url());
                         }
                         {
                           const testing::sql_server server{testing::sql_server::kind::mariadb, true};
                           of_url("MariaDB", server.url());
                         }
#endif
                       }};

}  // namespace

}  // namespace carillon::bench
