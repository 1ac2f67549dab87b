#pragma once
#include "carillon/config.hpp"
#include "carillon/config_section.hpp"

namespace carillon::app {

/// Reads `key`: the URL of a store, or "memory:". Never shows a URL: it may hold a password.
std::optional<std::string> read_store_url(config_section& section, std::string_view key);

/// Reads `[stores.NAME]`, each of them.
void read_stores(config_section section, const toml::table& all, daemon_settings& settings);

}  // namespace carillon::app
