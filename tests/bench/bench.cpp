#include "bench.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <stdexcept>

#include "registry.hpp"

namespace carillon::bench {

registry& all() {
  static registry instance;
  return instance;
}

benchmark::benchmark(std::string name, std::string description, std::function<void(report&)> run) {
  all().benchmarks.push_back({std::move(name), std::move(description), std::move(run)});
}

child_measurement::child_measurement(std::string name,
                                     std::function<std::vector<double>(const arguments&)> run) {
  all().children.emplace(std::move(name), std::move(run));
}

double scale() noexcept { return all().scale; }

std::size_t scaled(std::size_t jobs) noexcept {
  return std::max<std::size_t>(static_cast<std::size_t>(static_cast<double>(jobs) * scale()), 100);
}

void report::section(std::string_view title) {
  groups_.push_back({std::string{title}, {}});
  if (!json_) fmt::print("\n{}\n", title);
}

void report::add(figure measured) {
  if (groups_.empty()) section("figures");
  if (!json_) {
    std::string line = fmt::format("  {:<58} {:>14.6g} {:<6}", measured.what, measured.value, measured.unit);
    if (measured.limit)
      line += fmt::format("  limit {:.6g}, ratio {:.3g}", *measured.limit, measured.value / *measured.limit);
    if (!measured.target.empty()) line += fmt::format("  (target {})", measured.target);
    fmt::print("{}\n", line);
    std::fflush(stdout);
  }
  groups_.back().figures.push_back(std::move(measured));
}

void report::close() {
  if (!json_) return;
  boost::json::array document;
  for (const auto& group : groups_) {
    for (const auto& one : group.figures) {
      boost::json::object row{
          {"section", group.title}, {"what", one.what}, {"value", one.value}, {"unit", one.unit}};
      if (one.limit) {
        row["limit"] = *one.limit;
        row["ratio"] = one.value / *one.limit;
      }
      if (!one.target.empty()) row["target"] = one.target;
      document.push_back(std::move(row));
    }
  }
  fmt::print("{}\n", boost::json::serialize(document));
}

std::vector<double> measure_in_child(std::string_view name, const arguments& args) {
  std::fflush(nullptr);
  std::string command = "/proc/" + std::to_string(::getpid()) + "/exe --measure " + std::string{name};
  for (const auto& argument : args) command += " " + argument;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot start " + command);
  std::vector<double> numbers;
  double number = 0;
  while (std::fscanf(pipe, "%lf", &number) == 1) numbers.push_back(number);
  if (::pclose(pipe) != 0 || numbers.empty()) throw std::runtime_error("failed: " + command);
  return numbers;
}

double median(std::vector<double> values) {
  if (values.empty()) throw std::invalid_argument("the median of nothing");
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double nanoseconds_per_call(const std::function<void(std::uint64_t)>& work, std::chrono::milliseconds time,
                            int rounds) {
  using steady = std::chrono::steady_clock;
  const auto timed = [&](std::uint64_t calls) {
    const auto start = steady::now();
    work(calls);
    return std::chrono::duration<double, std::nano>(steady::now() - start).count();
  };
  std::uint64_t calls = 1;
  while (timed(calls) < std::chrono::duration<double, std::nano>(time).count() && calls < (1ull << 40))
    calls *= 2;
  std::vector<double> each;
  for (int round = 0; round < rounds; ++round) each.push_back(timed(calls) / static_cast<double>(calls));
  return median(std::move(each));
}

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

}  // namespace carillon::bench
