#include "carillon/reboot_jobs.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <carillon/time/timestamp.hpp>

#include <exception>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "carillon/boot_record.hpp"

namespace carillon::app {
namespace {

std::string name_of_host() {
  char name[256] = "localhost";
  ::gethostname(name, sizeof name - 1);
  return name;
}

// However the file was named on the command line, and from which folder.
std::string key_of(const declaration& job) {
  const auto file = std::filesystem::absolute(job.file).lexically_normal();
  return fmt::format("{}#{}", file.native(), job.definition.id);
}

std::string boot_or_throw() {
  auto boot = this_boot();
  if (boot.empty()) throw std::runtime_error("the kernel does not tell one start from the next");
  return boot;
}

}  // namespace

reboot_jobs::reboot_jobs(std::string folder, bool shared_store, std::shared_ptr<spdlog::logger> log)
    : folder_(std::move(folder)), shared_(shared_store), log_(std::move(log)) {}

std::string reboot_jobs::on_this_host(std::string_view executor) {
  return fmt::format("{}@{}", executor, name_of_host());
}

void reboot_jobs::bind_to_host(std::vector<declaration>& jobs) const {
  if (!shared_) return;
  for (auto& job : jobs) {
    if (!job.at_start) continue;
    auto options = *job.definition.options;
    options.executor = on_this_host(options.executor);
    job.definition.options = intern(options);
    job.definition.id += "@" + name_of_host();
  }
}

// Those that are due are put into `due`, the others into `later_`.
void reboot_jobs::sort_out(const std::vector<declaration>& jobs, instant started,
                           std::vector<std::string>& due) {
  const trigger now{"at " + format_instant(started, zone{})};
  for (const auto& job : jobs) {
    if (!job.at_start) continue;
    if (job.definition.when == now) {
      due.push_back(key_of(job));
    } else {
      later_.emplace(job.definition.id, key_of(job));
    }
  }
}

void reboot_jobs::leave_out_done(std::vector<declaration>& jobs, instant started) {
  std::vector<std::string> due, to_come;
  sort_out(jobs, started, due);
  for (const auto& [id, key] : later_) to_come.push_back(key);
  if (due.empty() && to_come.empty()) return;
  std::set<std::string> fresh;
  try {
    boot_record record{folder_, boot_or_throw()};
    fresh = record.take(due);
    fresh.merge(record.not_yet(to_come));
  } catch (const std::exception& fault) {
    return log_->warn(
        "what has run since the machine started cannot be kept in {}, so @reboot jobs run whenever this "
        "starts: "
        "{}",
        folder_, fault.what());
  }
  std::erase_if(jobs, [&](const declaration& job) {
    if (!job.at_start || fresh.contains(key_of(job))) return false;
    done_.insert(job.definition.id);
    log_->info("{}: has run since this machine started, and waits for its next start", job.definition.id);
    return true;
  });
}

void reboot_jobs::on_run_started(const std::string& job) {
  const auto place = later_.find(job);
  if (place == later_.end()) return;
  try {
    const auto fresh = boot_record{folder_, boot_or_throw()}.take({place->second});
    if (fresh.empty()) log_->debug("{}: was marked before", job);
  } catch (const std::exception& fault) {
    log_->warn("{}: that it has run since the machine started cannot be kept in {}: {}", job, folder_,
               fault.what());
  }
  later_.erase(place);
}

void reboot_jobs::leave_out_new(std::vector<declaration>& jobs, const std::vector<declaration>& known) const {
  std::set<std::string> ids;
  for (const auto& job : known) ids.insert(job.definition.id);
  std::erase_if(jobs, [&](const declaration& job) {
    const bool is_new = job.at_start && !ids.contains(job.definition.id);
    if (is_new && !done_.contains(job.definition.id))
      log_->info("{}: is new and for the start: it will run at the next start", job.definition.id);
    return is_new;
  });
}

}  // namespace carillon::app
