#include "carillon/config_stores.hpp"

#include <fmt/format.h>
#include <carillon/scheduler/options.hpp>

#include "carillon/store_access.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

constexpr const char* ways_to_name_a_store =
    "\"memory:\", \"sqlite:FILE\", \"postgresql://HOST/DATABASE\", \"mysql://HOST/DATABASE\", "
    "\"redis://HOST:PORT?namespace=NAME\", \"rediss://…\" or \"redis+sentinel://…\"";

store_settings read_one(config_section section) {
  store_settings store;
  store.url = read_store_url(section, "url");
  if (section.node("url") == nullptr) {
    section.source().complain(section.begin(),
                              fmt::format("{} does not say where jobs are kept", section.path()),
                              fmt::format("url = {}", ways_to_name_a_store));
  }
  store.lease = section.duration("lease", 1s, 1h);
  store.partitions = section.number("partitions", 1, 4096);
  if (const auto given = section.number("history", 0, 100'000'000)) store.history = *given;
  store.required = section.flag("required");
  section.finish();
  return store;
}

// One instance cannot be twice in a store.
void refuse_second_name(config_section& section, const toml::node& where, const std::string& name,
                        const daemon_settings& settings) {
  const auto& store = settings.stores.at(name);
  if (!store.is_shared()) return;
  std::string first;
  if (settings.store == store.url) first = "[scheduler] store";
  for (const auto& [other, its] : settings.stores) {
    if (other != name && its.url == store.url) first = fmt::format("[stores.{}]", shown(other));
  }
  if (!first.empty())
    section.complain(where, fmt::format("[stores.{}] is the same store as {}", shown(name), first),
                     "one name for each store, or another namespace");
}

}  // namespace

std::optional<std::string> read_store_url(config_section& section, std::string_view key) {
  auto given = section.text(key);
  if (!given || *given == memory_store_name) return given;
  if (const auto fault = fault_of_store(*given)) {
    section.source().complain_inside(*section.node(key), fault->position,
                                     fmt::format("{}: {}", key, fault->message),
                                     fault->position == 0 ? ways_to_name_a_store : fault->hint);
  }
  return given;
}

void read_stores(config_section section, const toml::table& all, daemon_settings& settings) {
  for (const auto& [key, value] : all) {
    const std::string name{key.str()};
    const auto* table = section.table(name);
    if (table == nullptr) continue;
    if (name == default_store_name) {
      section.complain(value, "the store 'default' is the daemon's own",
                       "[scheduler] store = \"…\" says where it is");
    } else if (name.empty() || fault_of_id(name)) {
      section.complain(value, fmt::format("'{}' is no name of a store", shown(name)));
    } else {
      settings.stores[name] = read_one({section.source(), *table, fmt::format("[stores.{}]", name)});
      refuse_second_name(section, value, name, settings);
    }
  }
}

}  // namespace carillon::app
