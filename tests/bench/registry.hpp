#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bench.hpp"

namespace carillon::bench {

/// What the constants at namespace scope have put down before main.
struct registry {
  struct entry {
    std::string name;
    std::string description;
    std::function<void(report&)> run;
  };
  std::vector<entry> benchmarks;
  std::map<std::string, std::function<std::vector<double>(const arguments&)>, std::less<>> children;
  double scale = 1;
};

registry& all();

}  // namespace carillon::bench
