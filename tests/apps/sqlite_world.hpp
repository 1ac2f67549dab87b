#pragma once
#include <boost/json/parse.hpp>
#include <chrono>
#include <sstream>
#include <string>
#include <vector>

#include "apps/store_world.hpp"
#include "sql/database_address.hpp"
#include "sql/session.hpp"

namespace carillon::app {

/// A file of SQLite, not yet there.
struct sqlite_world {
  testing::temporary_folder folder;
  std::string url = "sqlite:" + folder.path("jobs.db");

  /// A file for `carillon run`: job "tick" on this store, and what follows.
  std::string file_of_tick(const std::string& schedule, const std::string& more = {}) const {
    return folder.write("jobs.toml", "[scheduler]\nstore = \"" + url +
                                         "\"\n[[job]]\nid = \"tick\"\nschedule = \"" + schedule +
                                         "\"\ncommand = [\"/bin/true\"]\n" + more);
  }
  answered on_store(arguments words) const {
    words.insert(words.end(), {"--store", url});
    return ask(std::move(words));
  }
  std::vector<boost::json::object> history_of(const std::string& job) const {
    std::vector<boost::json::object> entries;
    std::istringstream lines{on_store({"history", job, "--json", "-n", "1000"}).out};
    for (std::string line; std::getline(lines, line);)
      entries.push_back(boost::json::parse(line).as_object());
    return entries;
  }
  /// What somebody else does to the file.
  void does(const std::string& statement) const {
    const auto where = sql::parse_database_url(url).value();
    sql::session with{where, std::chrono::seconds{10}};
    with.connect();
    with.run(statement);
  }
};

}  // namespace carillon::app
