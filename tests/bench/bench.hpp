#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::bench {

/// One measured number, beside the limit that was measured in the same run and the figure to reach.
struct figure {
  std::string what;  ///< "next(), median of ten expressions, UTC"
  double value = 0;
  std::string unit;             ///< "us", "bytes", "1/s"
  std::optional<double> limit;  ///< The same by the simplest thing that could do it; the ratio is printed.
  std::string target;           ///< What to reach, in words: "<= 0.09", ">= 0.5 x limit".
};

/// Collects figures and prints each as it comes.
class report {
 public:
  explicit report(bool json) : json_{json} {}
  /// Begins a group of figures.
  void section(std::string_view title);
  void add(figure measured);
  /// Prints what is left: with --json, everything as one document.
  void close();

 private:
  struct group {
    std::string title;
    std::vector<figure> figures;
  };
  bool json_;
  std::vector<group> groups_;
};

using arguments = std::vector<std::string>;

/// A benchmark registers itself by a constant at namespace scope:
/// `const benchmark triggers{"triggers", "next(), parse and count", [](report& out) { … }};`
struct benchmark {
  benchmark(std::string name, std::string description, std::function<void(report&)> run);
};

/// A measurement that needs a process of its own, so that memory and threads of others do not count.
struct child_measurement {
  child_measurement(std::string name, std::function<std::vector<double>(const arguments&)> run);
};

/// Runs a `child_measurement` in a fresh process of this program and returns its numbers.
std::vector<double> measure_in_child(std::string_view name, const arguments& args);

/// What part of the jobs that measurements with a Redis usually take they are to take now (`--scale`).
double scale() noexcept;
std::size_t scaled(std::size_t jobs) noexcept;

/// Nanoseconds for each call of `work`, repeated for at least `time`, the median of `rounds`.
double nanoseconds_per_call(const std::function<void(std::uint64_t calls)>& work,
                            std::chrono::milliseconds time = std::chrono::milliseconds{60}, int rounds = 5);

double median(std::vector<double> values);

/// Resident memory of this process, in bytes.
std::uint64_t resident_bytes();

/// CPU time of this process, user and system, in seconds.
double cpu_seconds();

/// Keeps the compiler from removing a computation whose result nobody reads.
template <typename T>
inline void keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

}  // namespace carillon::bench
