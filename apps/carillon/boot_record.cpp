#include "carillon/boot_record.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace carillon::app {
namespace {

namespace json = boost::json;

// The file, locked for as long as this lives.
class locked_file {
 public:
  explicit locked_file(const std::string& path)
      : number_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
    if (number_ < 0 || ::flock(number_, LOCK_EX) != 0) {
      const auto fault = errno;
      if (number_ >= 0) ::close(number_);
      throw std::system_error(fault, std::generic_category(), path);
    }
  }
  locked_file(const locked_file&) = delete;
  locked_file& operator=(const locked_file&) = delete;
  ~locked_file() { ::close(number_); }

  std::string read() const {
    std::string text;
    char bytes[4096];
    for (ssize_t count; (count = ::pread(number_, bytes, sizeof bytes, static_cast<off_t>(text.size()))) > 0;)
      text.append(bytes, static_cast<std::size_t>(count));
    return text;
  }

  void write(const std::string& text) const {
    const auto size = static_cast<ssize_t>(text.size());
    if (::pwrite(number_, text.data(), text.size(), 0) != size || ::ftruncate(number_, size) != 0 ||
        ::fsync(number_) != 0)
      throw std::system_error(errno, std::generic_category(), "reboot.json");
  }

 private:
  int number_;
};

// What has run since the boot; nothing of an earlier one, or of a file that was cut off.
std::set<std::string> known_of(const std::string& text, const std::string& boot) {
  std::set<std::string> known;
  boost::system::error_code fault;
  const auto read = json::parse(text, fault);
  const auto* object = fault ? nullptr : read.if_object();
  const auto* of = object == nullptr ? nullptr : object->if_contains("boot");
  const auto* ran = object == nullptr ? nullptr : object->if_contains("ran");
  if (of == nullptr || ran == nullptr || *of != json::value(boot) || !ran->is_array()) return known;
  for (const auto& one : ran->get_array()) {
    if (one.is_string()) known.emplace(one.get_string());
  }
  return known;
}

}  // namespace

boot_record::boot_record(std::string folder, std::string boot)
    : folder_(std::move(folder)), boot_(std::move(boot)) {}

std::set<std::string> boot_record::take(const std::vector<std::string>& jobs) {
  std::filesystem::create_directories(folder_);
  const locked_file file{folder_ + "/reboot.json"};
  auto known = known_of(file.read(), boot_);
  std::set<std::string> fresh;
  for (const auto& job : jobs) {
    if (known.insert(job).second) fresh.insert(job);
  }
  if (fresh.empty()) return fresh;
  json::array ran;
  for (const auto& job : known) ran.emplace_back(job);
  file.write(json::serialize(json::object{{"boot", boot_}, {"ran", std::move(ran)}}) + "\n");
  return fresh;
}

std::set<std::string> boot_record::not_yet(const std::vector<std::string>& jobs) const {
  std::filesystem::create_directories(folder_);
  const auto known = known_of(locked_file{folder_ + "/reboot.json"}.read(), boot_);
  std::set<std::string> fresh;
  for (const auto& job : jobs) {
    if (!known.contains(job)) fresh.insert(job);
  }
  return fresh;
}

std::string this_boot() {
  std::ifstream in{"/proc/sys/kernel/random/boot_id"};
  std::string boot;
  std::getline(in, boot);
  return boot;
}

instant boot_time(instant now) {
  timespec since{};
  ::clock_gettime(CLOCK_BOOTTIME, &since);
  return now - std::chrono::duration_cast<milliseconds>(std::chrono::seconds{since.tv_sec} +
                                                        std::chrono::nanoseconds{since.tv_nsec});
}

std::string default_state_folder() {
  const auto given = [](const char* name) {
    const auto* value = std::getenv(name);
    return std::string{value == nullptr ? "" : value};
  };
  const auto of_unit = given("STATE_DIRECTORY");
  if (!of_unit.empty()) return of_unit.substr(0, of_unit.find(':'));
  if (::geteuid() == 0) return "/var/lib/carillon";
  const auto of_user = given("XDG_STATE_HOME");
  if (of_user.starts_with('/')) return of_user + "/carillon";
  const auto* me = ::getpwuid(::geteuid());
  const auto home = given("HOME");
  return (home.empty() && me != nullptr ? std::string{me->pw_dir} : home) + "/.local/state/carillon";
}

}  // namespace carillon::app
