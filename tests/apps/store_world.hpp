#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/program.hpp"
#include "support/redis_server.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::app {

/// The command line that adds a job, but for what the job does.
inline const arguments add_backup{
    "jobs", "add", "--id", "backup", "--schedule", "every day at 02:30 in UTC", "--timeout", "1h"};

/// A server that keeps what is written, and a namespace in it.
class store_world {
 public:
  explicit store_world(testing::redis_options how = durable()) : server{std::move(how)} {}

  static testing::redis_options durable() {
    testing::redis_options how;
    how.append_only = true;
    return how;
  }
  /// What it has answered is there after a SIGKILL, too.
  static testing::redis_options durable_when_killed() {
    auto how = durable();
    how.config = {"appendfsync always"};
    return how;
  }

  std::string url(std::string_view name_space = "billing") const {
    return server.url() + "?namespace=" + std::string{name_space};
  }
  answered on_store(arguments words) const {
    words.insert(words.end(), {"--store", url()});
    return ask(std::move(words));
  }
  std::string keys() const { return server.cli({"KEYS", "*"}); }
  std::string jobs_file(std::string_view schedule = "every 1s") const {
    return folder.write("jobs.toml", "[scheduler]\nstore = \"" + url() +
                                         "\"\nlease = \"6s\"\n[[job]]\nid = \"tick\"\nschedule = \"" +
                                         std::string{schedule} + "\"\ncommand = [\"/bin/true\"]\n");
  }

  testing::redis_server server;
  testing::temporary_folder folder;
};

}  // namespace carillon::app
