#include <doctest/doctest.h>
#include <carillon/job/task.hpp>
#include <carillon/job/task_registry.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/describe.hpp>
#include <map>
#include <string>
#include <vector>

namespace asio = boost::asio;

namespace {

struct money {
  double amount = 0;
  std::string currency;
};
BOOST_DESCRIBE_STRUCT(money, (), (amount, currency))

struct order {
  std::uint8_t priority = 0;
  std::vector<money> items;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(order, (), (priority, items, note))

/// A run that a test makes for a body.
struct some_run {
  const std::string job = "some", instance = "here";
  std::string arguments;
  carillon::run_context context;
  carillon::run handle{context};

  explicit some_run(std::string with = "") : arguments{std::move(with)} {
    context.job = &job;
    context.instance = &instance;
    context.arguments = &arguments;
    context.id = "r-1";
  }
};

std::vector<std::string> said;

void greet(carillon::run& run, std::string whom, int times) {
  said.push_back(run.id() + " " + whom + " " + std::to_string(times));
}

asio::awaitable<void> greet_later(const std::string& whom) {
  co_await asio::post(asio::deferred);
  said.push_back("later " + whom);
}

void start(const carillon::task& body, some_run& with) {
  asio::io_context io;
  asio::co_spawn(io, body.start(with.handle), [](const std::exception_ptr& failure) {
    if (failure) std::rethrow_exception(failure);
  });
  io.run();
}

}  // namespace

TEST_SUITE("task") {
  TEST_CASE("a plain body gets its arguments decoded") {
    said.clear();
    const carillon::task body{greet};
    some_run with{R"(["Ada", 3])"};
    REQUIRE(body.plain());
    body.call(with.handle);
    CHECK(said == std::vector<std::string>{"r-1 Ada 3"});
  }

  TEST_CASE("a coroutine may take its arguments by reference: they live until it has ended") {
    said.clear();
    const carillon::task body{greet_later};
    some_run with{R"(["Ada, whose name is longer than what a string keeps in itself"])"};
    REQUIRE_FALSE(body.plain());
    start(body, with);
    CHECK(said ==
          std::vector<std::string>{"later Ada, whose name is longer than what a string keeps in itself"});
  }

  TEST_CASE("a body may leave out the run, its arguments, or both, and may be a lambda that captures") {
    int calls = 0;
    some_run with;
    carillon::task{[&] { ++calls; }}.call(with.handle);
    carillon::task{[&](carillon::run&) { ++calls; }}.call(with.handle);
    carillon::task{[&](auto& run) { calls += run.attempt() == 1; }}.call(with.handle);
    auto capturing =
        [&calls, held = std::string{"a text that is too long to be kept inside"}]() -> asio::awaitable<void> {
      co_await asio::post(asio::deferred);
      calls += held.size() > 10;
    };
    const carillon::task body{std::move(capturing)};
    start(body, with);
    CHECK(calls == 4);
  }

  TEST_CASE("bind converts arguments to the types of the parameters, and keeps them as JSON") {
    const carillon::task body{carillon::bind(greet, "Ada", 3.0)};
    CHECK(body.bound_arguments().str() == R"(["Ada",3])");
    CHECK(body.fault_of(body.bound_arguments()) == std::nullopt);
  }

  TEST_CASE("arguments that do not fit are told by number, member and expected type") {
    const carillon::task pay{[](int, money) {}};
    const carillon::task ship{[](const order&) {}};
    const carillon::task count{[](const std::map<std::string, unsigned>&) {}};
    struct row {
      const carillon::task& body;
      const char* arguments;
      const char* fault;
    };
    const row rows[] = {
        {pay, "", "2 arguments are expected, 0 given"},
        {pay, "[1]", "2 arguments are expected, 1 given"},
        {pay, R"(["x", {"amount": 1, "currency": "EUR"}])",
         "argument 1: a whole number from -2147483648 to 2147483647 is expected, not \"x\""},
        {pay, R"([1, {"amount": "much", "currency": "EUR"}])",
         "argument 2.amount: a number is expected, not \"much\""},
        {pay, R"([1, {"amount": 1}])", "argument 2.currency: is missing; a text is expected"},
        {pay, R"([1, {"amount": 1, "currency": "EUR", "rate": 2}])",
         "argument 2: there is no member 'rate'; there are amount, currency"},
        {ship, R"([{"priority": 300, "items": []}])",
         "argument 1.priority: a whole number from 0 to 255 is expected, not 300"},
        {ship, R"([{"priority": 3, "items": [{"amount": 1, "currency": 7}]}])",
         "argument 1.items[0].currency: a text is expected, not 7"},
        {count, R"([{"a": 1, "b": -1}])",
         "argument 1.b: a whole number from 0 to 4294967295 is expected, not -1"},
        {pay, "{}", "the arguments must be a JSON array, one element an argument, not {}"},
    };
    for (const auto& [body, arguments, fault] : rows) {
      CAPTURE(arguments);
      CHECK(body.fault_of(arguments).value_or("none") == fault);
    }
    CHECK(ship.fault_of(R"([{"priority": 3, "items": [], "note": null}])") == std::nullopt);
    CHECK(ship.fault_of(R"([{"priority": 3, "items": []}])") == std::nullopt);
    CHECK(pay.fault_of("[1,").value_or("none").starts_with("the arguments are not JSON"));
  }

  TEST_CASE("a run whose arguments do not fit fails with the same words") {
    const carillon::task body{greet};
    some_run with{R"(["Ada"])"};
    CHECK_THROWS_WITH_AS(body.call(with.handle), "2 arguments are expected, 1 given", carillon::failure);
  }
}

TEST_SUITE("task_registry") {
  TEST_CASE("a name stands for one body, for good") {
    carillon::task_registry tasks;
    tasks.add("greet", carillon::task{greet});
    const auto* first = tasks.find("greet");
    REQUIRE(first != nullptr);
    for (int i = 0; i < 100; ++i) tasks.add("other " + std::to_string(i), carillon::task{[] {}});
    CHECK(tasks.find("greet") == first);
    CHECK(tasks.find("nobody") == nullptr);
    CHECK_THROWS_WITH(tasks.add("greet", carillon::task{[] {}}),
                      "task 'greet': this name is registered already");
    CHECK_THROWS_WITH(tasks.add("", carillon::task{[] {}}), "a task's name must not be empty");
  }
}
