// carillon-bench [NAME…] [--scale=0.1] [--json]: measures, and prints what it measured. It asserts nothing.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <carillon/executor/process_worker.hpp>

#include <algorithm>
#include <cstdio>
#include <exception>

#include "executors_bench.hpp"
#include "registry.hpp"

namespace {

using namespace carillon::bench;

int measure(const std::string& name, const arguments& args) {
  const auto found = all().children.find(name);
  if (found == all().children.end()) {
    fmt::print(stderr, "carillon-bench: no measurement is called {}\n", name);
    return 2;
  }
  for (const double number : found->second(args)) fmt::print("{:.17g}\n", number);
  return 0;
}

int run(std::vector<std::string> names, bool json) {
  auto& benchmarks = all().benchmarks;
  std::sort(benchmarks.begin(), benchmarks.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  const auto known = [&](const std::string& name) {
    return std::any_of(benchmarks.begin(), benchmarks.end(), [&](const auto& b) { return b.name == name; });
  };
  for (const auto& name : names) {
    if (known(name)) continue;
    fmt::print(stderr, "carillon-bench: no benchmark is called {}; there are:\n", name);
    for (const auto& one : benchmarks) fmt::print(stderr, "  {:<12} {}\n", one.name, one.description);
    return 2;
  }
  report out{json};
  for (const auto& one : benchmarks) {
    if (names.empty() || std::find(names.begin(), names.end(), one.name) != names.end()) one.run(out);
  }
  out.close();
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  if (const auto worker = carillon::run_worker(worker_tasks())) return *worker;
  if (argc >= 3 && std::string{argv[1]} == "--measure")
    return measure(argv[2], arguments(argv + 3, argv + argc));
  CLI::App options{"Measures Carillon beside its limits, in one run."};
  std::vector<std::string> names;
  bool json = false;
  options.add_option("NAME", names, "Which benchmarks; all of them if none is named");
  options.add_flag("--json", json, "One JSON document instead of lines");
  options.add_option("--scale", all().scale, "How many of the usual jobs measurements with a Redis take")
      ->check(CLI::Range(0.001, 100.0));
  CLI11_PARSE(options, argc, argv);
  return run(std::move(names), json);
} catch (const std::exception& failure) {
  fmt::print(stderr, "carillon-bench: {}\n", failure.what());
  return 1;
}
