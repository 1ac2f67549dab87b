#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>

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

// What has been read and is to be written, many at a time. Of one (user, tag) the last counts, and there is
// a member of the set or a rich one, not both.
struct batch {
  void add(push_subscription one) {
    ++count;
    auto name = pushes::name_of(one.whom);
    all.insert_or_assign(std::move(name), std::move(one));
  }

  std::unordered_map<std::string, push_subscription> all;
  std::size_t count = 0;  // With those that another has taken the place of.
};

// What is new goes first, so that none is missing in between. Answers how many are new.
loop_awaitable<std::int64_t> write(push_desk& desk, const batch& read) {
  redis::words plain{"ZADD", desk.config.options.subscriptions};
  redis::words no_plain{"ZREM", desk.config.options.subscriptions};
  redis::words rich{"HSET", desk.rich_key()};
  redis::words no_rich{"HDEL", desk.rich_key()};
  for (const auto& [name, one] : read.all) {
    const auto member = pushes::member_of(one.whom);
    if (one.score) {
      plain.add(*one.score).add(member);
      no_rich.add(name);
    } else {
      rich.add(name).add(one.rich);
      no_plain.add(member);
    }
  }
  std::int64_t added = 0;
  for (const auto* each : {&plain, &rich}) {
    if (each->size() <= 2) continue;
    const auto answer = co_await desk.redis.command(*each);
    added += answer.integer();
  }
  for (const auto* each : {&no_plain, &no_rich}) {
    if (each->size() <= 2) continue;
    const auto answer = co_await desk.redis.command(*each);
    added -= answer.integer();
  }
  co_return added;
}

loop_awaitable<instant> time_of_redis(push_desk& desk) {
  const redis::words question{"TIME"};
  const auto answer = co_await desk.redis.command(question);
  std::int64_t count = 0;
  const auto text = answer[0].text();
  std::from_chars(text.data(), text.data() + text.size(), count);
  co_return instant{std::chrono::seconds{count}};
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
  std::uint64_t left_out = 0;
};

// Goes through all that are asked for, and tells what keeps one from being among them.
struct teller {
  using work = std::function<void(const push_subscription&)>;

  // False: that was enough.
  bool tell(const std::string& key, std::string_view name, const parse_result<push_subscription>& one) {
    const bool all = request.user.empty() && !request.tag;
    if (!one) {
      // Whose it is nobody knows.
      if (all && ++so_far.malformed <= most_faults_told)
        complain(key, fmt::format("'{}' is malformed: {}", shown(name), one.error().message),
                 one.error().hint);
      return true;
    }
    if (!all && !is_asked_for(request, one->whom)) return true;
    if (must_be_json && !one->is_json()) {
      if (++so_far.left_out <= most_faults_told)
        complain(key, fmt::format("'{}' is no UTF-8, and cannot be written as JSON", shown(name)), {});
      return true;
    }
    what(*one);
    return ++so_far.told != request.limit;
  }

  void complain(const std::string& key, std::string message, std::string hint) const {
    print_diagnostics({diagnostic{key, 0, 0, std::move(message), std::move(hint), true}}, request.json, err);
  }

  // The exit code.
  int end(bool all_must_be_told) const {
    const auto missing = so_far.malformed + so_far.left_out;
    const auto shown_of = [](std::uint64_t count) {
      return std::min<std::uint64_t>(count, most_faults_told);
    };
    const auto silent = missing - shown_of(so_far.malformed) - shown_of(so_far.left_out);
    if (silent > 0) complain({}, fmt::format("… and {} more were left out", with_commas(silent)), {});
    return missing > 0 && all_must_be_told ? exit_code::failed : exit_code::done;
  }

  const push_request& request;
  std::ostream& err;
  work what;
  bool must_be_json = false;
  listed so_far{};
};

loop_awaitable<bool> tell_plain(push_desk& desk, teller& to) {
  const auto& key = desk.config.options.subscriptions;
  for (std::size_t first = 0;; first += page) {
    const redis::words question{"ZRANGE", key, first, first + page - 1, "WITHSCORES"};
    const auto answer = co_await desk.redis.command(question);
    if (answer.empty()) co_return true;
    for (const auto& pair : answer) {
      const auto one = plain_subscription(pair[0].text(), pair[1].text());
      if (!to.tell(key, pair[0].text(), one)) co_return false;
    }
  }
}

loop_awaitable<void> tell_rich(push_desk& desk, teller& to) {
  const auto key = desk.rich_key();
  std::string cursor = "0";
  do {
    const redis::words question{"HSCAN", key, cursor, "COUNT", page};
    const auto answer = co_await desk.redis.command(question);
    cursor = answer[0].text();
    const auto fields = answer[1];
    for (auto at = fields.begin(); at != fields.end();) {
      const auto field = (*at++).text();
      const auto one = rich_subscription_of(field, (*at++).text());
      if (!to.tell(key, field, one)) co_return;
    }
  } while (cursor != "0");
}

loop_awaitable<void> tell_all(push_desk& desk, teller& to) {
  const bool more = co_await tell_plain(desk, to);
  if (more) co_await tell_rich(desk, to);
}

loop_awaitable<int> import_from(push_desk& desk, const push_request& request, std::istream& in,
                                std::string name, std::ostream& out, std::ostream& err) {
  std::size_t number = 0, good = 0, bad = 0;
  std::int64_t added = 0;
  std::string line;
  bool more = true;
  while (more) {
    batch all;
    while (all.count < page / 2 && (more = static_cast<bool>(std::getline(in, line)))) {
      ++number;
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      const auto one = parse_subscription(line);
      if (one) {
        all.add(*one);
      } else if (++bad <= most_faults_told) {
        const diagnostic fault{name, number, 0, one.error().message, one.error().hint};
        print_diagnostics({fault}, request.json, err);
      }
    }
    good += all.count;
    if (!request.dry_run) added += co_await write(desk, all);
  }
  if (bad > most_faults_told && !request.json) err << fmt::format("… and {} more\n", bad - most_faults_told);
  const bool is_broken = in.bad() || (&in == &std::cin && std::ferror(stdin) != 0);
  if (is_broken)
    print_failure(request.json, fmt::format("{}: line {} and what follows cannot be read", name, number + 1),
                  {}, err);
  if (request.json) {
    const json::object answer{{"read", good}, {"added", added}, {"refused", bad}};
    out << json::serialize(answer) << '\n';
  } else {
    out << fmt::format("{} subscriptions {}, {} of them new; {} refused\n", with_commas(good),
                       request.dry_run ? "are fine" : "written", added, bad);
  }
  co_return bad == 0 && !is_broken ? exit_code::done : exit_code::failed;
}

}  // namespace

int add_subscription(const push_request& request, std::ostream& out, std::ostream& err) {
  auto one = read_subscription(object_of(request));
  if (!one) {
    print_failure(request.json, one.error().message, one.error().hint, err);
    return exit_code::usage;
  }
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    if (!one->score) {
      const auto now = co_await time_of_redis(desk);
      one->begin_at(now);
    }
    batch all;
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
    if (request.json) {
      const json::object line{{"user", in_utf8(whom.user)}, {"tag", in_utf8(whom.tag)}, {"what", "removed"}};
      out << json::serialize(line) << '\n';
    } else {
      out << fmt::format("{} {}: removed\n", shown(whom.user), shown(whom.tag));
    }
    co_return exit_code::done;
  };
  return at_push_desk(request, err, work);
}

int list_subscriptions(const push_request& request, std::ostream& out, std::ostream& err) {
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    const auto print = [&](const push_subscription& one) {
      if (request.json) {
        out << json::serialize(one.to_json()) << '\n';
      } else {
        out << fmt::format("{}  {}  {}\n", shown(one.when(), 200), shown(one.whom.user), shown(one.whom.tag));
      }
    };
    teller all{request, err, print};
    co_await tell_all(desk, all);
    if (all.so_far.told == 0 && !request.json) out << "no subscriptions\n";
    co_return all.end(false);
  };
  return at_push_desk(request, err, work);
}

int export_subscriptions(const push_request& request, std::ostream& out, std::ostream& err) {
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    const auto print = [&](const push_subscription& one) { out << json::serialize(one.to_json()) << '\n'; };
    teller all{request, err, print, true};
    co_await tell_all(desk, all);
    co_return all.end(true);
  };
  return at_push_desk(request, err, work);
}

int import_subscriptions(const push_request& request, std::ostream& out, std::ostream& err) {
  const bool from_file = !request.input.empty() && request.input != "-";
  std::ifstream file;
  std::error_code unknown;
  const bool is_folder = from_file && std::filesystem::is_directory(request.input, unknown);
  if (from_file && !is_folder) file.open(request.input, std::ios::binary);
  if (from_file && !file.is_open()) {
    const auto why = std::generic_category().message(is_folder ? EISDIR : errno);
    return print_failure(request.json, fmt::format("{}: {}", request.input, why), {}, err);
  }
  const auto work = [&](push_desk& desk) -> loop_awaitable<int> {
    return import_from(desk, request, from_file ? file : std::cin,
                       from_file ? request.input : "standard input", out, err);
  };
  return at_push_desk(request, err, work);
}

}  // namespace carillon::app
