#include "carillon/config_stores.hpp"

#include <fmt/format.h>
#include <carillon/scheduler/options.hpp>

#include "carillon/store_access.hpp"

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

store_settings read_one(config_section section) {
  store_settings store;
  store.url = read_store_url(section, "url");
  if (section.node("url") == nullptr) {
    section.source().complain(section.begin(),
                              fmt::format("{} does not say where jobs are kept", section.path()),
                              fmt::format("url = \"…\": memory:, {}", ways_to_a_store));
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
  if (!given) return given;
  if (const auto fault = fault_of_daemon_store(*given)) {
    section.source().complain_inside(*section.node(key), fault->position,
                                     fmt::format("{}: {}", key, fault->message), fault->hint);
  }
  return given;
}

void read_stores(config_section section, const toml::table& all, daemon_settings& settings) {
  read_named_sections(section, all, "a store", [&](config_section one, const std::string& name) {
    const auto& where = *all.get(name);
    if (name == default_store_name) {
      section.complain(where, "the store 'default' is the daemon's own",
                       "[scheduler] store = \"…\" says where it is");
    } else {
      settings.stores[name] = read_one(std::move(one));
      refuse_second_name(section, where, name, settings);
    }
  });
}

}  // namespace carillon::app
