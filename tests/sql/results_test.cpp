#include <doctest/doctest.h>

#include "contract/store_world.hpp"
#include "contract/waiting_schedulers.hpp"
#include "sql/sql_scheduler_pair.hpp"
#include "support/plain_store.hpp"

namespace carillon::testing {

namespace {

using namespace std::chrono_literals;
using contract::at;

struct heard_jobs final : store_listener {
  std::vector<std::string> ids;
  void on_job_changed(const std::string& id, std::uint64_t) override { ids.push_back(id); }
};

/// A store of one partition, each of whose steps is sent once, and a look into its tables.
class left_behind_world : public sql_backend_world {
 public:
  explicit left_behind_world(const test_database& database) : sql_backend_world{database} {
    run(store.open("a", heard));
    look.connect();
  }
  ~left_behind_world() {
    run(store.close());
    run(backend.close());
  }

  void add(const std::string& id, bool carries = false) {
    job_options options;
    options.carries = carries;
    auto job = contract::world::record(id, options);
    run(store.add(std::move(job), on_conflict::refuse));
  }
  std::uint64_t win(const std::string& id, const std::string& run_id) {
    const auto job = run(store.load(id));
    const auto request = contract::world::claim_of(*job, run_id);
    const auto answer = run(store.claim(request));
    REQUIRE(answer.runs.size() == 1);
    return answer.runs[0].fence;
  }
  std::uint64_t put_down(const std::string& id, const std::string& token) {
    extra_run wanted;
    wanted.id = id;
    wanted.occurrence = wanted.at = at(10);
    wanted.token = token;
    wanted.awaited = true;
    return run(store.enqueue_awaited(wanted));
  }
  take_answer take(const std::string& id, const std::string& run_id) {
    take_request request;
    request.id = id;
    request.now = at(10);
    request.member = "a";
    request.run_id = run_id;
    return run(store.take(request));
  }
  finish_answer finish(const std::string& id, const std::string& run_id, std::uint64_t fence,
                       const std::string& value, job_handle handle = nullptr) {
    auto report = contract::world::report(id, run_id, fence, success);
    report.value = value;
    report.keep_value = 1h;
    report.handle = std::move(handle);
    return run(store.finish(report));
  }
  std::optional<std::string> result(const std::string& id, const std::string& run_id, instant now) {
    return run(store.result(id, run_id, now));
  }
  awaited_end end_of(const std::string& id, std::uint64_t number) { return run(store.end_of(id, number)); }
  void run_sql(std::string_view before, std::string_view table, std::string_view after) {
    look.run(std::string{before} + look.speaks().table(table) + std::string{after});
  }
  void clean_up() { run(backend.look(0, at(0))); }

  const outcome success;
  heard_jobs heard;
  plain_store store{backend, 1};

 private:
  sql::session look{tables->where, 20s};
};

}  // namespace

TEST_SUITE("sql results") {
  TEST_CASE("a value is there for as long as it is to be kept, and the table is rid of it afterwards") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      left_behind_world w{database};
      w.add("a");
      w.finish("a", "r1", w.win("a", "r1"), "[1]");
      CHECK(w.result("a", "r1", at(61) + 1h - 1ms) == "[1]");
      CHECK_FALSE(w.result("a", "r1", at(61) + 1h).has_value());
      CHECK_FALSE(w.result("b", "r1", at(61)).has_value());
      w.run_sql("UPDATE ", "results", " SET drop_at = 1");
      w.clean_up();
      CHECK_FALSE(w.result("a", "r1", at(61)).has_value());
    }
  }

  TEST_CASE("the first look at a partition leaves alone what is still to be kept") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      left_behind_world w{database};
      w.add("a");
      const auto number = w.put_down("a", "t1");
      w.finish("a", "r1", w.take("a", "r1").fence, "[1]");
      w.clean_up();
      CHECK(w.result("a", "r1", at(61)) == "[1]");
      CHECK(w.end_of("a", number).what == awaited_end::kind::ended);
    }
  }

  TEST_CASE("how a run ended is known for an hour") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      left_behind_world w{database};
      w.add("a");
      const auto number = w.put_down("a", "t1");
      w.finish("a", "r1", w.take("a", "r1").fence, "[1]");
      w.run_sql("UPDATE ", "ends", " SET made = 1");
      CHECK(w.end_of("a", number).value == "[1]");
      w.clean_up();
      CHECK(w.end_of("a", number).what == awaited_end::kind::unknown);
    }
  }

  TEST_CASE("put down again under its token it is the same run, also when that has ended") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      left_behind_world w{database};
      w.add("a");
      const auto number = w.put_down("a", "t1");
      CHECK(number > std::uint64_t{1} << 32);  // A time in microseconds: no column may be too small for it.
      w.finish("a", "r1", w.take("a", "r1").fence, "[1]");
      CHECK(w.put_down("a", "t1") == number);
      CHECK_FALSE(w.run(w.store.load("a"))->record.next_waiting.has_value());
    }
  }

  TEST_CASE("who waits for a run hears of its end, also when its job is gone") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      left_behind_world w{database};
      for (const bool knows_birth : {true, false}) {
        CAPTURE(knows_birth);
        w.add("a");
        const auto number = w.put_down("a", knows_birth ? "t1" : "t2");
        const std::string run_id = knows_birth ? "r1" : "r2";
        const auto taken = w.take("a", run_id);
        const auto handle = w.run(w.store.load("a"))->handle;
        w.run(w.store.remove("a", std::nullopt, false));
        w.io.restart();
        w.io.poll();
        w.heard.ids.clear();
        const auto answer = w.finish("a", run_id, taken.fence, "[1]", knows_birth ? handle : nullptr);
        CHECK(answer.what == finish_answer::kind::done);
        CHECK(w.until([&] { return !w.heard.ids.empty(); }));
        CHECK(w.heard.ids.at(0) == "a");
        CHECK(w.end_of("a", number).value == "[1]");
        CHECK_FALSE(w.result("a", run_id, at(61)).has_value());  // As in the other stores: the job is gone.
      }
    }
  }

  TEST_CASE("the longest values and data of a whole batch are taken, whatever their letters") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      left_behind_world w{database};
      constexpr std::size_t batch = 100;
      const auto quotes = "\"" + std::string(65'534, '\'') + "\"";
      const auto carried = "\"" + std::string(32'767, '\\') + std::string(32'767, '\\') + "\"";
      std::vector<std::string> ids, runs;
      std::vector<run_report> reports;
      std::vector<std::uint64_t> numbers;
      for (std::size_t k = 0; k < batch; ++k) {
        ids.push_back("job-" + std::to_string(k));
        runs.push_back("run-" + std::to_string(k));
      }
      for (std::size_t k = 0; k < batch; ++k) {
        w.add(ids[k], true);
        numbers.push_back(w.put_down(ids[k], "token-" + std::to_string(k)));
        auto report = contract::world::report(ids[k], runs[k], w.take(ids[k], runs[k]).fence, w.success);
        report.value = quotes;
        report.keep_value = 1h;
        report.carry = carried;
        reports.push_back(report);
      }
      std::vector<finish_step> steps;
      for (const auto& report : reports) steps.push_back({&report, 0});
      const auto answers = w.run(w.backend.finish(0, steps));
      REQUIRE(answers.size() == batch);
      for (std::size_t k = 0; k < batch; k += 33) {
        CHECK(answers[k].what == finish_answer::kind::done);
        CHECK(w.result(ids[k], runs[k], at(61)) == quotes);
        CHECK(w.end_of(ids[k], numbers[k]).value == quotes);
        CHECK(w.run(w.store.load(ids[k]))->record.carried == carried);
      }
    }
  }

  TEST_CASE("a run whose record cannot be read is not said to be unknown") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      left_behind_world w{database};
      w.add("a");
      const auto number = w.put_down("a", "t1");
      w.run_sql("UPDATE ", "jobs", " SET content = 'rubbish'");
      try {
        w.end_of("a", number);
        FAIL("it was answered");
      } catch (const boost::system::system_error& refused) {
        CHECK(refused.code() == errc::store_refused);
        CHECK(std::string{refused.what()}.find("the runs of job 'a' cannot be read") != std::string::npos);
      }
      w.run_sql("DELETE FROM ", "jobs", "");
    }
  }

  TEST_CASE("one instance waits for runs of another, and reads what they returned and carried") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      sql_scheduler_pair pair{database, true};
      contract::one_reads_what_runs_of_the_other_return(pair);
    }
  }

  TEST_CASE("a run that waits is answered when its job is removed, and none when the time has passed") {
    for (const auto& database : test_databases()) {
      CAPTURE(database.name);
      sql_scheduler_pair pair{database, true};
      contract::one_hears_of_runs_that_never_begin(pair);
    }
  }
}

}  // namespace carillon::testing
