#include <doctest/doctest.h>
#include <carillon/job/task.hpp>
#include <carillon/job/task_registry.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/describe.hpp>
#include <exception>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
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

enum class colour { red, green };
BOOST_DESCRIBE_ENUM(colour, red, green)

/// Converts itself, and says what it does not take.
struct port {
  int number = 0;
  friend port tag_invoke(boost::json::value_to_tag<port>, const boost::json::value& from) {
    const auto read = boost::json::value_to<int>(from);
    if (read < 1) throw std::invalid_argument("a port is at least 1");
    return {read};
  }
};

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

  TEST_CASE("each type that converts tells what it takes") {
    using choice = std::variant<int, std::string>;
    const carillon::task paint{[](colour, choice, std::pair<int, bool>, port, std::optional<float>) {}};
    struct row {
      const char* arguments;
      const char* fault;
    };
    const row rows[] = {
        {R"(["red", 1, [1, true], 80, null])", "none"},
        {R"(["green", "x", [1, false], 80, 1.5])", "none"},
        {R"(["blue", 1, [1, true], 80, null])", "argument 1: one of red, green is expected, not \"blue\""},
        {R"(["red", [], [1, true], 80, null])",
         "argument 2: a whole number from -2147483648 to 2147483647 or a text is expected, not []"},
        {R"(["red", 1, [1], 80, null])", "argument 3: a list of 2 is expected, not [1]"},
        {R"(["red", 1, [1, 2], 80, null])", "argument 3[1]: true or false is expected, not 2"},
        {R"(["red", 1, [1, true], 0, null])", "argument 4: a port is at least 1"},
        {R"(["red", 1, [1, true], "x", null])", "argument 4: a value of its type is expected, not \"x\""},
        {R"(["red", 1, [1, true], 80, "x"])", "argument 5: a number is expected, not \"x\""},
    };
    for (const auto& [arguments, fault] : rows) {
      CAPTURE(arguments);
      CHECK(paint.fault_of(arguments).value_or("none") == fault);
    }
  }

  TEST_CASE("a long value is quoted by its beginning, cut between characters") {
    const carillon::task body{[](int) {}};
    std::string text = "x";
    for (int i = 0; i < 30; ++i) text += "\u00e4\u20ac";
    const auto fault = body.fault_of("[\"" + text + "\"]").value_or("none");
    CHECK(fault.ends_with("\u20ac\u00e4..."));
    CHECK(fault.size() < 150);
  }

  TEST_CASE("bind refuses a number that its parameter would change") {
    const auto count = [](unsigned) {};
    CHECK_THROWS_WITH_AS(carillon::bind(count, -1),
                         "argument 1: a whole number from 0 to 4294967295 is expected, not -1",
                         carillon::argument_error);
    CHECK_THROWS_AS(carillon::bind(count, 2.5), carillon::argument_error);
    CHECK(carillon::bind(count, 7L).arguments == "[7]");
    CHECK(carillon::bind([] {}).arguments.empty());
  }

  TEST_CASE("what bind made can be used for several tasks") {
    said.clear();
    const auto bound = carillon::bind(greet, "Ada", 2);
    const carillon::task one{bound}, other{bound};
    CHECK(one.bound_arguments() == other.bound_arguments().str());
    CHECK(carillon::task{greet}.bound_arguments().empty());
  }

  TEST_CASE(
      "parameters may be values, references to const, views of text and rvalues, after a const run too") {
    said.clear();
    some_run with{R"(["a", "b", [3], "d"])"};
    auto body = [](const carillon::run& run, std::string_view a, const std::string& b, std::vector<int>&& c,
                   std::string d) -> asio::awaitable<void> {
      co_await asio::post(asio::deferred);
      said.push_back(run.id() + std::string{a} + b + std::to_string(c.at(0)) + d);
    };
    start(carillon::task{body}, with);
    CHECK(said == std::vector<std::string>{"r-1ab3d"});
  }

  TEST_CASE("a plain body can be started like a coroutine, for executors that only know those") {
    said.clear();
    some_run with{R"(["Ada", 1])"};
    start(carillon::task{greet}, with);
    CHECK(said == std::vector<std::string>{"r-1 Ada 1"});
  }

  TEST_CASE("what a body returns is the value of its run, as JSON") {
    some_run of;
    carillon::task{[] { return 42; }}.call(of.handle);
    CHECK(of.context.value == "42");
    carillon::task{[](carillon::run&) { return money{1.5, "EUR"}; }}.call(of.handle);
    CHECK(of.context.value == R"({"amount":1.5E0,"currency":"EUR"})");
    start(carillon::task{[]() -> asio::awaitable<std::vector<int>> { co_return std::vector<int>{1, 2}; }},
          of);
    CHECK(of.context.value == "[1,2]");
    some_run with{R"(["Oslo"])"};
    start(carillon::task{[](const std::string& where) -> asio::awaitable<std::string> {
            co_await asio::post(asio::deferred);
            co_return "to " + where;
          }},
          with);
    CHECK(with.context.value == R"("to Oslo")");
    start(carillon::task{[] { return std::optional<int>{}; }}, with);
    CHECK(with.context.value == "null");
    carillon::task{[] { return std::string("100 \xb0"); }}.call(of.handle);
    CHECK(of.context.value == "\"100 \uFFFD\"");
    some_run nothing;
    carillon::task{[] {}}.call(nothing.handle);
    CHECK(nothing.context.value.empty());
  }

  TEST_CASE("a note is kept as UTF-8, and no longer than a message may be") {
    some_run of;
    of.handle.note("100 \xb0");
    CHECK(of.context.note == "100 \uFFFD");
    of.handle.note(std::string(100'000, 'x'));
    CHECK(of.context.note == std::string(carillon::longest_text - 3, 'x') + "…");
  }

  TEST_CASE("a run reads what is carried as a type, and says what does not fit") {
    some_run of;
    of.context.carries = true;
    CHECK_FALSE(of.handle.carried<money>().has_value());
    of.handle.carry(money{2, "NOK"});
    CHECK(of.context.carry == R"({"amount":2E0,"currency":"NOK"})");
    of.context.carried = *of.context.carry;
    CHECK(of.handle.carried<money>()->currency == "NOK");
    of.context.carried = R"({"amount":"two","currency":"NOK"})";
    std::string why;
    try {
      of.handle.carried<money>();
    } catch (const carillon::failure& misfit) {
      CHECK(misfit.name() == "carried");
      CHECK(misfit.permanent());
      why = misfit.what();
    }
    CHECK(why.find("carried.amount") != std::string::npos);
  }

  TEST_CASE("copies share one body, and state in it") {
    int last = 0;
    some_run with;
    const carillon::task first{[&last, calls = 0]() mutable { last = ++calls; }};
    const auto second = first;
    first.call(with.handle);
    second.call(with.handle);
    CHECK(last == 2);
  }

  TEST_CASE("a run whose arguments do not fit fails with the same words, and for good") {
    const carillon::task body{greet};
    some_run with{R"(["Ada"])"};
    CHECK_THROWS_WITH_AS(body.call(with.handle), "2 arguments are expected, 1 given", carillon::failure);
    some_run other{R"(["Ada", "often"])"};
    carillon::outcome result;
    try {
      body.call(other.handle);
    } catch (...) {
      result = carillon::outcome_of(std::current_exception());
    }
    CHECK(result.message ==
          "argument 2: a whole number from -2147483648 to 2147483647 is expected, not \"often\"");
    CHECK(result.failure == "arguments");
    CHECK(result.permanent);
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
