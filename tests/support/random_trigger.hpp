#pragma once
#include <carillon/time/zone.hpp>
#include <carillon/trigger/trigger.hpp>
#include <random>
#include <string>

namespace carillon::testing {

/// Makes schedule texts of every kind, from a seed: the same seed makes the same texts.
class random_trigger {
 public:
  explicit random_trigger(std::uint64_t seed) : random_{seed} {}

  /// A text with its modifiers.
  std::string text();
  /// A text that is one rule, without modifiers.
  std::string rule();
  /// A zone whose clocks do something odd (design: "Zones to test").
  zone where();
  /// A moment between 1995 and 2037, often near a change of the zone's clocks.
  instant near_change(const zone& where);

  int number(int least, int most) { return std::uniform_int_distribution<int>{least, most}(random_); }
  bool one_in(int n) { return number(1, n) == 1; }

 private:
  std::string pick(std::initializer_list<const char*> texts);
  std::string time_of_day();
  std::string times();
  std::string weekdays();
  std::string duration();
  std::string date();
  std::string cron_field(int least, int most);
  std::string cron();
  std::string quartz();
  std::string named_cron();
  std::string calendar();
  std::string elapsed();
  std::string clock_change();
  std::string combination();

  std::mt19937_64 random_;
};

}  // namespace carillon::testing
