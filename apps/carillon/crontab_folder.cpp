#include "carillon/crontab_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

namespace carillon::app {
namespace {

constexpr std::size_t largest_crontab = 64U << 20;

bool is_crontab_name(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

diagnostic fault_in(const std::string& file, std::string message, std::string hint = {},
                    bool warning = false) {
  return {file, 0, 0, std::move(message), std::move(hint), warning};
}

std::string reason_of(int error) { return std::generic_category().message(error); }

// Why the lines of a file are not to be trusted with users.
std::optional<diagnostic> distrust(const std::string& file, const struct stat& what) {
  if (!S_ISREG(what.st_mode)) return fault_in(file, "is no regular file");
  if (what.st_uid != 0 && what.st_uid != ::geteuid()) {
    return fault_in(
        file, fmt::format("belongs to user {}: whoever can write to it could run anything", what.st_uid),
        ::geteuid() == 0 ? "chown root" : "it must be root's, or of the user who runs this");
  }
  if ((what.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fault_in(file, "can be written to by others than its owner, who could run anything", "chmod go-w");
  }
  return std::nullopt;
}

std::optional<std::string> read_all(int number) {
  std::string text;
  char bytes[65'536];
  for (;;) {
    const auto count = ::read(number, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    if (count == 0) return text;
    text.append(bytes, static_cast<std::size_t>(count));
    if (text.size() > largest_crontab) {
      errno = EFBIG;
      return std::nullopt;
    }
  }
}

std::string stamp_of_one(const std::string& path) {
  struct stat is{};
  if (::stat(path.c_str(), &is) != 0) return fmt::format("{}\t-{}\n", path, errno);
  return fmt::format("{}\t{} {} {} {}.{} {}.{} {} {}\n", path, is.st_dev, is.st_ino, is.st_size,
                     is.st_mtim.tv_sec, is.st_mtim.tv_nsec, is.st_ctim.tv_sec, is.st_ctim.tv_nsec, is.st_mode,
                     is.st_uid);
}

}  // namespace

folder_crontabs crontabs_in(const std::string& folder) {
  folder_crontabs all;
  std::error_code fault;
  struct stat is{};
  if (::stat(folder.c_str(), &is) == 0 && ::geteuid() == 0 &&
      (is.st_uid != 0 || (is.st_mode & (S_IWGRP | S_IWOTH)) != 0)) {
    all.found.push_back(fault_in(folder,
                                 "is not root's only: whoever can put a file there could run anything",
                                 "chown root, chmod go-w"));
    return all;
  }
  std::filesystem::directory_iterator entries{folder, fault};
  if (fault) {
    all.found.push_back(fault_in(folder, "cannot be read: " + fault.message()));
    return all;
  }
  for (; entries != std::filesystem::directory_iterator{}; entries.increment(fault)) {
    if (fault) break;
    const auto name = entries->path().filename().string();
    std::error_code unknown;
    if (name.starts_with('.') || entries->is_directory(unknown)) continue;
    if (is_crontab_name(name)) {
      all.files.push_back((std::filesystem::path{folder} / name).string());
    } else {
      all.found.push_back(fault_in(entries->path().string(), "is passed over because of its name",
                                   "letters, digits, _ and - only, as cron has it", true));
    }
  }
  std::sort(all.files.begin(), all.files.end());
  std::sort(all.found.begin(), all.found.end(),
            [](const diagnostic& a, const diagnostic& b) { return a.file < b.file; });
  return all;
}

std::optional<std::string> read_trusted_file(const std::string& file, std::vector<diagnostic>& found) {
  const int number = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (number < 0) {
    found.push_back(fault_in(file, "cannot be read: " + reason_of(errno)));
    return std::nullopt;
  }
  struct stat is{};
  std::optional<std::string> text;
  if (::fstat(number, &is) != 0) {
    found.push_back(fault_in(file, "cannot be read: " + reason_of(errno)));
  } else if (auto fault = distrust(file, is)) {
    found.push_back(*std::move(fault));
  } else if (text = read_all(number); !text) {
    found.push_back(fault_in(file, "cannot be read: " + reason_of(errno)));
  }
  ::close(number);
  return text;
}

std::string stamp_of(const std::vector<std::string>& files, const std::vector<std::string>& folders) {
  std::string stamps;
  for (const auto& file : files) stamps += stamp_of_one(file);
  for (const auto& folder : folders) {
    const auto within = crontabs_in(folder);
    stamps += stamp_of_one(folder);
    for (const auto& file : within.files) stamps += stamp_of_one(file);
  }
  return stamps;
}

}  // namespace carillon::app
