#include "redis/namespaces.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>

#include "redis/keys.hpp"

namespace carillon::redis {

namespace {

constexpr int most_pages = 1'000;
constexpr std::size_t most_namespaces = 100;

}  // namespace

loop_awaitable<std::vector<std::string>> namespaces_of(connection& where) {
  std::vector<std::string> found;
  std::string cursor = "0";
  for (int pages = 0; pages < most_pages && found.size() < most_namespaces; ++pages) {
    const words ask("SCAN", cursor, "MATCH", "carillon:{*}:meta", "COUNT", 1000);
    const auto page = co_await where.command(ask);
    cursor = page[0].text();
    for (const auto key : page[1]) {
      const auto text = key.text();
      const auto from = text.find('{') + 1;
      found.emplace_back(text.substr(from, text.rfind('}') - from));
    }
    if (cursor == "0") break;
  }
  std::ranges::sort(found);
  const auto twice = std::ranges::unique(found);  // A scan may name a key twice.
  found.erase(twice.begin(), twice.end());
  co_return found;
}

loop_awaitable<void> throw_no_store(connection& where, std::string name_space) {
  const auto others = co_await namespaces_of(where);
  auto words =
      fmt::format("there is no store in namespace '{}' at {}", name_space, where.options().where.to_string());
  if (!others.empty()) words += fmt::format("; there is one in '{}'", fmt::join(others, "', '"));
  throw boost::system::system_error(errc::no_store, words);
}

void throw_unknown_format(std::string_view name_space, std::string_view format) {
  throw boost::system::system_error(
      errc::store_refused,
      fmt::format(
          "the namespace '{}' has data of format {}, and this version reads and writes format {} only: "
          "use the version that wrote it, or another namespace and add the jobs there",
          name_space, format, store_keys::format));
}

}  // namespace carillon::redis
