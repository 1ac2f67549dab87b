#include "carillon/shared/push_trials.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>
#include <carillon/redis/inspection.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "carillon/diagnostic.hpp"
#include "push/key_types.hpp"
#include "push/make_delivery.hpp"
#include "push/page_server.hpp"
#include "push/service_definition.hpp"
#include "push/service_instances.hpp"
#include "push/webhook.hpp"

namespace carillon::app {
namespace {

loop_awaitable<void> try_server(push_desk& desk, std::vector<trial>& tried) {
  redis::inspection server{desk.link};
  co_await server.open();
  const auto report = co_await server.server();
  co_await server.close();
  for (const auto& each : report.findings) {
    if (!each.unfit) continue;
    trial found;
    found.what = "Redis";
    found.fault = each.advice.empty() ? each.message : each.message + ": " + each.advice;
    tried.push_back(std::move(found));
  }
}

// Those of the service's own are no news while they are right.
loop_awaitable<void> try_keys(push_desk& desk, std::vector<trial>& tried) {
  const auto& set = desk.config.options.subscriptions;
  tried.resize(2);
  tried[0].what = fmt::format("subscriptions '{}'", shown(set));
  tried[1].what = fmt::format("rich subscriptions '{}'", shown(desk.rich_key()));
  const auto wrong = co_await pushes::wrong_keys(desk.redis, desk.keys(), set);
  for (const auto& each : wrong) {
    auto what = fmt::format("{} '{}'", each.what, shown(each.key));
    const auto known = std::ranges::find(tried, what, &trial::what);
    auto& found = known != tried.end() ? *known : tried.emplace_back();
    found.what = std::move(what);
    found.fault = each.why;
    found.hides_work = true;
  }
}

// Whether an instance that begins now would stand by.
loop_awaitable<void> try_definition(push_desk& desk, std::vector<trial>& tried) {
  const auto& config = desk.config;
  auto ours = pushes::definition_of(config.options);
  std::string work;
  if (config.fixed_command) work = pushes::fixed_work_of(*config.fixed_command);
  if (config.fixed_http) work = pushes::fixed_work_of(*config.fixed_http);
  pushes::add_fixed_work(ours, config.fixed_times, work);
  pushes::service_instances who{desk.redis, desk.keys(), "check"};
  const auto others = co_await who.look();
  trial found;
  found.what = fmt::format("service '{}'", desk.keys().name);
  if (others.others > 0 && others.definition != pushes::to_text(ours))
    found.fault = pushes::others_in_words(others, ours, config.options) +
                  "; until they have stopped an instance of this file would stand by";
  tried.push_back(std::move(found));
}

loop_awaitable<trial> try_way(pushes::delivery& way) {
  trial found;
  found.what = way.describe();
  try {
    co_await way.check();
  } catch (const std::runtime_error& fault) {
    found.fault = fault.what();
    if (found.fault.starts_with(found.what + ": ")) found.fault.erase(0, found.what.size() + 2);
  }
  co_await way.close();
  co_return found;
}

bool is_program(const std::string& path) {
  std::error_code unknown;
  return ::access(path.c_str(), X_OK) == 0 && !std::filesystem::is_directory(path, unknown);
}

// As execvp looks for it.
bool is_found(const std::string& name) {
  if (name.find('/') != std::string::npos) return is_program(name);
  const char* given = std::getenv("PATH");
  std::string_view rest = given != nullptr ? given : "/bin:/usr/bin";
  for (;;) {
    const auto end = rest.find(':');
    const std::string folder{rest.substr(0, end)};
    if (is_program((folder.empty() ? "." : folder) + '/' + name)) return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

loop_awaitable<void> try_fixed_work(push_desk& desk, std::vector<trial>& tried) {
  const auto& config = desk.config;
  if (config.fixed_times.empty()) co_return;
  trial found;
  if (config.fixed_http) {
    pushes::webhook_options how;
    how.url = *config.fixed_http;
    pushes::webhook way{desk.where, how};
    found = co_await try_way(way);
  } else if (config.fixed_command && !config.fixed_command->argv.empty()) {
    const auto& program = config.fixed_command->argv.front();
    found.what = fmt::format("command '{}'", shown(program));
    if (!is_found(program)) found.fault = "there is no such program that may be run";
  } else {
    found.what = "a shell command";
  }
  found.what = fmt::format("at {}: {}", fmt::join(config.fixed_times, ", "), found.what);
  tried.push_back(std::move(found));
}

void try_metrics(const push_desk& desk, std::vector<trial>& tried) {
  const auto& address = desk.config.metrics;
  if (!address) return;
  trial found;
  found.what = fmt::format("metrics {}:{}", address->host, address->port);
  try {
    const auto nothing = []() -> loop_awaitable<std::string> { co_return std::string(); };
    const pushes::page_server server{desk.where, address->host, address->port, nothing};
  } catch (const std::exception& fault) {
    found.fault = fault.what();
    found.only_warns = found.fault.ends_with("Address already in use");
    if (found.only_warns) found.fault += ": fine if it is an instance that runs here already";
  }
  tried.push_back(std::move(found));
}

}  // namespace

loop_awaitable<std::vector<trial>> try_all(push_desk& desk) {
  std::vector<trial> tried;
  co_await try_keys(desk, tried);
  const bool readable = std::ranges::none_of(tried, &trial::hides_work);
  co_await try_server(desk, tried);
  if (readable) co_await try_definition(desk, tried);
  const auto way = pushes::make_delivery(desk.config.deliver, desk.link, desk.where);
  tried.push_back(co_await try_way(*way));
  co_await try_fixed_work(desk, tried);
  try_metrics(desk, tried);
  if (auto fault = fault_of_files(desk.config)) tried.push_back({"open files", *std::move(fault), true});
  co_return tried;
}

}  // namespace carillon::app
