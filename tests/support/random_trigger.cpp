#include "support/random_trigger.hpp"

#include <array>
#include <carillon/time/timestamp.hpp>

namespace carillon::testing {

namespace {

std::string two_digits(int number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

std::string random_trigger::pick(std::initializer_list<const char*> texts) {
  return texts.begin()[number(0, static_cast<int>(texts.size()) - 1)];
}

zone random_trigger::where() {
  constexpr std::array names{"America/New_York",
                             "Europe/London",
                             "Australia/Lord_Howe",
                             "Pacific/Apia",
                             "Africa/Casablanca",
                             "America/Sao_Paulo",
                             "Antarctica/Troll",
                             "Pacific/Chatham",
                             "Asia/Kathmandu",
                             "America/St_Johns",
                             "UTC",
                             "Asia/Tehran"};
  return zone::find(names[static_cast<std::size_t>(number(0, names.size() - 1))]).value();
}

instant random_trigger::near_change(const zone& where) {
  const auto year = std::chrono::year{number(1995, 2036)};
  auto time = instant{std::chrono::sys_days{year / number(1, 12) / number(1, 28)}} +
              std::chrono::seconds{number(0, 86'399)};
  if (one_in(4)) return time;
  if (const auto change = where.next_change(time)) time = *change;
  return time + std::chrono::minutes{number(-1'500, 300)};
}

std::string random_trigger::time_of_day() {
  const auto text = two_digits(one_in(2) ? number(0, 3) : number(0, 23)) + ':' + two_digits(number(0, 59));
  return one_in(4) ? text + ':' + two_digits(number(0, 59)) : text;
}

std::string random_trigger::times() {
  auto text = time_of_day();
  while (one_in(3)) text += ',' + time_of_day();
  return text;
}

std::string random_trigger::weekdays() {
  return pick({"mon", "monday", "mon,wed", "mon-fri", "weekday", "sat,sun", "fri-mon", "sun", "Tue,thu"});
}

std::string random_trigger::duration() {
  const auto text = std::to_string(number(1, 90)) + pick({"s", "m", "m", "h"});
  return one_in(5)   ? std::to_string(number(1, 3)) + 'd' + text
         : one_in(8) ? std::to_string(number(1, 999)) + "ms"
                     : text;
}

std::string random_trigger::date() {
  return std::to_string(number(1996, 2036)) + '-' + two_digits(number(1, 12)) + '-' +
         two_digits(number(1, 28));
}

std::string random_trigger::cron_field(int least, int most) {
  const auto value = [&] { return std::to_string(number(least, most)); };
  switch (number(0, 5)) {
    case 0: return value() + ',' + value();
    case 1: return "*/" + std::to_string(number(2, (most - least) / 2));
    case 2: {
      const auto first = number(least, most);
      return std::to_string(first) + '-' + std::to_string(number(first, most));
    }
    case 3: return value();
    default: return "*";
  }
}

std::string random_trigger::cron() {
  if (one_in(12)) return "cron " + pick({"@daily", "@hourly", "@weekly", "@monthly", "@yearly"});
  auto text = "cron " + (one_in(4) ? cron_field(0, 59) + ' ' : "") + cron_field(0, 59) + ' ';
  text += (one_in(2) ? std::to_string(number(0, 3)) : cron_field(0, 23)) + ' ';
  text += (one_in(3) ? cron_field(1, 28) : "*") + ' ' + (one_in(4) ? cron_field(1, 12) : "*") + ' ';
  return text + (one_in(3) ? pick({"mon-fri", "0", "sat,sun", "1-5", "fri"}) : "*");
}

std::string random_trigger::quartz() {
  return "quartz 0 " + cron_field(0, 59) + ' ' + cron_field(0, 23) + ' ' +
         pick({"? * 2#1", "L * ?", "LW * ?", "15W * ?", "? * 6L", "L-3 * ?", "? * MON-FRI", "* * ?",
               "1 1/3 ?"});
}

std::string random_trigger::named_cron() {
  return pick({"cron{day=last sun; hour=2}", "cron{hour=1,2; minute=*/20}",
               "cron{week=*/2; day_of_week=wed; hour=2; minute=30}", "cron{minute=17}",
               "cron{day=2nd fri; hour=*}", "cron{month=3,10; day=25-31; day_of_week=sun; hour=0-4}"});
}

std::string random_trigger::calendar() {
  const auto amount = [&](const char* unit, int most) {
    const auto count = number(1, most);
    return std::to_string(count) + ' ' + unit + (count == 1 ? "" : "s");
  };
  const auto at = one_in(4) ? "" : " at " + times();
  switch (number(0, 5)) {
    case 0: return "every " + amount("day", 9) + at;
    case 1: return "every " + amount("week", 5) + at;
    case 2:
      return "every " + amount("month", 14) + (one_in(2) ? " on " + std::to_string(number(1, 31)) : "") + at +
             (one_in(2) ? " clamp" : "");
    case 3: return "every " + amount("month", 5) + ' ' + amount("day", 20) + at + (one_in(2) ? " clamp" : "");
    case 4: return "every " + amount("year", 2) + at;
    default: return "every " + weekdays() + at;
  }
}

std::string random_trigger::elapsed() {
  switch (number(0, 3)) {
    case 0: return "every " + std::to_string(number(1, 5)) + "h.." + std::to_string(number(5, 20)) + 'h';
    case 1: {
      const auto from = time_of_day();
      auto to = time_of_day();
      if (to == from) to = "24:00";
      return "every " + std::to_string(number(1, 90)) + "m from " + from + " to " + to +
             (one_in(2) ? " on " + weekdays() : "");
    }
    case 2: return "every 1w from " + pick({"mon", "sunday", "wed"});
    default: return "every " + duration();
  }
}

std::string random_trigger::clock_change() {
  std::string text;
  if (one_in(3)) text += " gap " + pick({"skip", "at_gap_end", "shift"});
  if (one_in(3)) text += " overlap " + pick({"first", "second", "both"});
  return text.empty() && one_in(4) ? " like " + pick({"vixie", "quartz", "apscheduler"}) : text;
}

std::string random_trigger::rule() {
  switch (number(0, 6)) {
    case 0: return elapsed();
    case 1: return calendar() + clock_change();
    case 2:
      return pick({"every hour at :30", "every minute at :17", "every 6 hours at 34:19",
                   "every 2..4 days at 01:30", "every 5 hours at :15", "every 2..5 hours at :05",
                   "every 7 minutes at :42"}) +
             clock_change();
    case 3: return quartz() + clock_change();
    case 4: return named_cron() + clock_change();
    default: return cron() + clock_change();
  }
}

std::string random_trigger::combination() {
  const auto part = [&] {
    return '(' + rule() + (one_in(5) ? " in " + std::string{where().name()} : "") + ')';
  };
  switch (number(0, 3)) {
    case 0: return part() + " or " + part() + (one_in(3) ? " or " + part() : "");
    case 1: return part() + " except " + part();
    case 2: return part() + " except " + date() + ", " + date();
    default:
      return part() + " and " + part() + (one_in(2) ? " within " + std::to_string(number(0, 600)) + 's' : "");
  }
}

std::string random_trigger::text() {
  auto text = one_in(5) ? combination() : rule();
  if (one_in(3)) text += " in " + std::string{where().name()};
  if (one_in(5)) text += " starting " + date() + (one_in(2) ? "T02:30" : "");
  if (one_in(5)) text += " until " + (one_in(3) ? pick({"300d", "02:30"}) : date());
  if (one_in(6)) text += " limit " + std::to_string(number(1, 40));
  if (one_in(6)) text += " jitter " + duration();
  if (one_in(8)) text += " immediately";
  return text;
}

}  // namespace carillon::testing
