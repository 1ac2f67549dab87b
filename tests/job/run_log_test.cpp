#include <doctest/doctest.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <carillon/job/run.hpp>

#include <string>
#include <vector>

namespace {

struct line {
  std::string text, job, run, words;
  std::uint32_t attempt = 0;
};

class line_keeper final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  std::vector<line> lines;

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    line kept;
    kept.text.assign(message.payload.data(), message.payload.size());
    if (const auto* fields = carillon::current_log_fields()) {
      kept.job = fields->job, kept.run = fields->run, kept.words = fields->words;
      kept.attempt = fields->attempt;
    }
    lines.push_back(kept);
  }
  void flush_() override {}
};

struct counted {
  int* formatted;
};

struct logging_run {
  std::shared_ptr<line_keeper> sink = std::make_shared<line_keeper>();
  spdlog::logger logger{"test", sink};
  const std::string job = "report", instance = "here";
  carillon::run_context context;
  carillon::run handle{context};

  logging_run() {
    context.job = &job;
    context.instance = &instance;
    context.id = "a1-7";
    context.logger = &logger;
  }
};

}  // namespace

template <>
struct fmt::formatter<counted> {
  constexpr auto parse(fmt::format_parse_context& text) { return text.begin(); }
  auto format(const counted& value, fmt::format_context& to) const {
    ++*value.formatted;
    return to.out();
  }
};

TEST_SUITE("run_log") {
  TEST_CASE("a line names job and run, and the attempt from the second on") {
    logging_run run;
    run.handle.log().info("{} rows", 7);
    run.context.attempt = 2;
    run.handle.log().warn("again");
    REQUIRE(run.sink->lines.size() == 2);
    CHECK(run.sink->lines[0].text == "report[a1-7]: 7 rows");
    CHECK(run.sink->lines[1].text == "report[a1-7], attempt 2: again");
  }

  TEST_CASE("a formatter finds the fields of the line, and only of that") {
    logging_run run;
    run.context.attempt = 3;
    run.handle.log().error("no {}", "ink");
    run.logger.info("from elsewhere");
    CHECK(run.sink->lines.at(0).job == "report");
    CHECK(run.sink->lines.at(0).run == "a1-7");
    CHECK(run.sink->lines.at(0).attempt == 3);
    CHECK(run.sink->lines.at(0).words == "no ink");
    CHECK(run.sink->lines.at(1).job.empty());
    CHECK(carillon::current_log_fields() == nullptr);
  }

  TEST_CASE("nothing is formatted for a level that is off") {
    logging_run run;
    int formatted = 0;
    run.handle.log().debug("{}", counted{&formatted});
    CHECK(formatted == 0);
    run.handle.log().critical("{}", counted{&formatted});
    CHECK(formatted == 1);
    CHECK(run.sink->lines.size() == 1);
  }
}
