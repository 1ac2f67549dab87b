#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fault_plan.hpp"
#include "instance.hpp"
#include "servers.hpp"
#include "support/occurrence_checker.hpp"
#include "support/temporary_folder.hpp"

namespace carillon::testing {

class store_reader;

/// What an instance needs to notice, on a busy machine, and what numbers mean in Redis.
inline check_options of_redis() {
  check_options how;
  how.overlap_slack = std::chrono::milliseconds{1'000};
  how.partitions = 64;
  return how;
}

struct cluster_options {
  std::uint64_t seed = 1;
  std::uint32_t instances = 3;
  std::uint32_t jobs = 200;
  std::chrono::milliseconds duration{12'000};  ///< Of the faults.
  std::chrono::milliseconds pace{1'000};       ///< Between two faults, on average.
  std::chrono::milliseconds lease{2'000};
  std::vector<fault_kind> faults;
  check_options checks = of_redis();
  std::string worker = CARILLON_CLUSTER_WORKER;  ///< The program.
};

/// A fault as it happened.
struct happened {
  fault planned;
  std::string process;  ///< Whom it befell; empty: the server.
  shared_time from{}, to{};
};

struct cluster_result {
  observation seen;
  std::vector<finding> findings;
  std::vector<happened> faults;
  std::vector<std::string> crashes;  ///< Processes that ended as none should, and how.
  int gave_up = 0;                   ///< Processes that ended by themselves, and were started again.
  std::string text;                  ///< The seed, the plan and what was found: for people.
};

/// Real processes with a real server, and everything that befalls them, from one seed.
///
/// What they write goes to a folder of its own, which stays if `keep` was called.
class cluster {
 public:
  cluster(cluster_options how, std::unique_ptr<servers> common);
  ~cluster();
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  /// Starts the instances, lets the plan happen, lets all jobs come to their ends, and checks. Once.
  cluster_result run();
  void keep() { folder_.keep(); }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  std::vector<std::string> worker_command() const;
  void start_all();
  void happen(const std::vector<fault>& plan);
  void begin(const fault& what);
  void end(const fault& what);
  void look_after();
  void come_to_their_ends(store_reader& reader, cluster_result& result);
  void stop_all();

  cluster_options how_;
  temporary_folder folder_;
  std::unique_ptr<servers> common_;
  std::unique_ptr<proxy_house> house_;
  std::vector<std::unique_ptr<instance>> instances_;
  std::vector<happened> happened_;
  std::optional<instant> ends_;
};

}  // namespace carillon::testing
