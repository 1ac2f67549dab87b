#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "carillon/commands/command_context.hpp"
#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/push_access.hpp"
#include "carillon/shared/push_file.hpp"
#include "carillon/shared/push_progress.hpp"
#include "carillon/shared/push_subscription.hpp"

namespace carillon::app {
namespace {

namespace json = boost::json;

constexpr std::size_t page = 1'000;
constexpr std::size_t most_faults_told = 20;

json::object object_of(const push_request& request) {
  json::object made{{"user", request.user}, {"tag", request.tag.value_or("")}};
  const auto add = [&](const char* name, const std::optional<std::string>& given) {
    if (given) made[name] = *given;
  };
  add("at", request.at);
  add("schedule", request.schedule);
  add("weekdays", request.weekdays);
  add("zone", request.zone);
  add("quiet", request.quiet);
  return made;
}

// What has been read and is to be written, many at a time.
struct batch {
  explicit batch(const push_desk& desk)
      : plain{"ZADD", desk.config.options.subscriptions},
        no_plain{"ZREM", desk.config.options.subscriptions},
        rich{"HSET", desk.rich_key()},
        no_rich{"HDEL", desk.rich_key()} {}

  // Of one (user, tag) there is a member of the set or a rich one, not both.
  void add(const push_subscription& one) {
    ++count;
    const auto member = pushes::member_of(one.whom);
    const auto name = pushes::name_of(one.whom);
    if (one.score) {
      plain.add(*one.score).add(member);
      no_rich.add(name);
    } else {
      rich.add(name).add(one.rich);
      no_plain.add(member);
    }
  }

  redis::words plain, no_plain, rich, no_rich;
  std::size_t count = 0;
};

// What is new goes first, so that none is missing in between.
loop_awaitable<std::int64_t> write(push_desk& desk, const batch& all) {
  std::int64_t added = 0;
  for (const auto* each : {&all.plain, &all.rich}) {
    if (each->size() <= 2) continue;
    const auto answer = co_await desk.redis.command(*each);
    added += answer.integer();
  }
  for (const auto* each : {&all.no_plain, &all.no_rich}) {
    if (each->size() <= 2) continue;
    const auto answer = co_await desk.redis.command(*each);
    added -= answer.integer();
  }
  co_return added;
}

void print_done(const push_request& request, const push_subscription& one, const char* what,
                std::ostream& out) {
  if (request.json) {
    auto line = one.to_json();
    line["what"] = what;
    out << json::serialize(line) << '\n';
  } else {
    out << fmt::format("{} {}: {}, {}\n", shown(one.whom.user), shown(one.whom.tag), what, one.when());
  }
}

bool is_asked_for(const push_request& request, const pushes::recipient& whom) {
  return (request.user.empty() || request.user == whom.user) && (!request.tag || *request.tag == whom.tag);
}

struct listed {
  std::uint64_t told = 0;
  std::uint64_t malformed = 0;
};

using teller = std::function<void(const push_subscription&)>;

// False: that was enough.
bool tell(const push_request& request, const push_subscription& one, const teller& what, listed& so_far) {
  if (!is_asked_for(request, one.whom)) return true;
  what(one);
  return ++so_far.told != request.limit;
}

loop_awaitable<bool> tell_plain(push_desk& desk, const push_request& request, const teller& what,
                                listed& so_far) {
  for (std::size_t first = 0;; first += page) {
    const redis::words question{"ZRANGE", desk.config.options.subscriptions, first, first + page - 1,
                                "WITHSCORES"};
    const auto answer = co_await desk.redis.command(question);
    if (answer.empty()) co_return true;
    for (const auto& pair : answer) {
      const auto whom = pushes::parse_member(pair[0].text());
      const auto time = pushes::parse_score(pair[1].text());
      if (!whom || !time) {
        ++so_far.malformed;
        continue;
      }
      push_subscription one;
      one.whom = *whom;
      one.score = pushes::score_of(*time);
      if (!tell(request, one, what, so_far)) co_return false;
    }
  }
}

loop_awaitable<void> tell_rich(push_desk& desk, const push_request& request, const teller& what,
                               listed& so_far) {
  std::string cursor = "0";
  do {
    const redis::words question{"HSCAN", desk.rich_key(), cursor, "COUNT", page};
    const auto answer = co_await desk.redis.command(question);
    cursor = answer[0].text();
    const auto fields = answer[1];
    for (auto at = fields.begin(); at != fields.end();) {
      const auto whom = pushes::parse_name((*at++).text());
      const std::string value{(*at++).text()};
      boost::system::error_code wrong;
      const auto parsed = json::parse(value, wrong);
      if (!whom || wrong || !parsed.is_object()) {
        ++so_far.malformed;
        continue;
      }
      push_subscription one;
      one.whom = *whom;
      one.rich = value;
      if (!tell(request, one, what, so_far)) co_return;
    }
  } while (cursor != "0");
}

loop_awaitable<listed> tell_all(push_desk& desk, const push_request& request, teller what) {
  listed so_far;
  const bool more = co_await tell_plain(desk, request, what, so_far);
  if (more) co_await tell_rich(desk, request, what, so_far);
  co_return so_far;
}

int told(const listed& all, std::ostream& err) {
  if (all.malformed > 0)
    err << fmt::format("{} that are malformed were left out: carillon push check FILE shows them\n",
                       with_commas(all.malformed));
  return exit_code::done;
}

loop_awaitable<int> import_from(push_desk& desk, const push_request& request, std::istream& in,
                                std::string name, std::ostream& out, std::ostream& err) {
  std::size_t number = 0, good = 0, bad = 0;
  std::int64_t added = 0;
  std::string line;
  bool more = true;
  while (more) {
    batch all{desk};
    while (all.count < page / 2 && (more = static_cast<bool>(std::getline(in, line)))) {
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const auto one = parse_subscription(line);
      if (one) {
        all.add(*one);
      } else if (++bad <= most_faults_told) {
        err << diagnostic{name, number, 0, one.error().message, one.error().hint}.to_string() << '\n';
      }
    }
    good += all.count;
    if (!request.dry_run) added += co_await write(desk, all);
  }
  if (bad > most_faults_told) err << fmt::format("… and {} more\n", bad - most_faults_told);
  if (request.json) {
    const json::object answer{{"read", good}, {"added", added}, {"refused", bad}};
    out << json::serialize(answer) << '\n';
  } else {
    out << fmt::format("{} subscriptions {}, {} of them new; {} refused\n", with_commas(good),
                       request.dry_run ? "are fine" : "written", added, bad);
  }
  co_return bad == 0 ? exit_code::done : exit_code::failed;
}

}  // namespace

int add_subscription(const push_request& request, std::ostream& out, std::ostream& err) {
  const auto one = read_subscription(object_of(request));
  if (!one) {
    print_failure(request.json, one.error().message, one.error().hint, err);
    return exit_code::usage;
  }
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    batch all{desk};
    all.add(*one);
    const auto added = co_await write(desk, all);
    print_done(request, *one, added > 0 ? "added" : "written", out);
    co_return exit_code::done;
  };
  return at_push_desk(request, err, work);
}

int remove_subscription(const push_request& request, std::ostream& out, std::ostream& err) {
  const pushes::recipient whom{request.user, request.tag.value_or("")};
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    const redis::words plain{"ZREM", desk.config.options.subscriptions, pushes::member_of(whom)};
    const redis::words rich{"HDEL", desk.rich_key(), pushes::name_of(whom)};
    const auto of_set = co_await desk.redis.command(plain);
    const auto of_hash = co_await desk.redis.command(rich);
    const bool done = of_set.integer() + of_hash.integer() > 0;
    if (!done)
      co_return print_failure(
          request.json,
          fmt::format("user '{}' has no subscription to '{}'", shown(whom.user), shown(whom.tag)),
          "carillon push list FILE --user UID", err);
    if (!request.json) out << fmt::format("{} {}: removed\n", shown(whom.user), shown(whom.tag));
    co_return exit_code::done;
  };
  return at_push_desk(request, err, work);
}

int list_subscriptions(const push_request& request, std::ostream& out, std::ostream& err) {
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    const teller print = [&](const push_subscription& one) {
      if (request.json) {
        out << json::serialize(one.to_json()) << '\n';
      } else {
        out << fmt::format("{}  {}  {}\n", shown(one.when(), 200), shown(one.whom.user), shown(one.whom.tag));
      }
    };
    const auto all = co_await tell_all(desk, request, print);
    if (all.told == 0 && !request.json) out << "no subscriptions\n";
    co_return told(all, err);
  };
  return at_push_desk(request, err, work);
}

int export_subscriptions(const push_request& request, std::ostream& out, std::ostream& err) {
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    const teller print = [&](const push_subscription& one) { out << json::serialize(one.to_json()) << '\n'; };
    const auto all = co_await tell_all(desk, request, print);
    co_return told(all, err);
  };
  return at_push_desk(request, err, work);
}

int import_subscriptions(const push_request& request, std::ostream& out, std::ostream& err) {
  const bool from_file = !request.input.empty() && request.input != "-";
  std::ifstream file;
  if (from_file) file.open(request.input, std::ios::binary);
  if (from_file && !file)
    return print_failure(request.json, fmt::format("{}: cannot be read", request.input), {}, err);
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    return import_from(desk, request, from_file ? file : std::cin,
                       from_file ? request.input : "standard input", out, err);
  };
  return at_push_desk(request, err, work);
}

}  // namespace carillon::app
