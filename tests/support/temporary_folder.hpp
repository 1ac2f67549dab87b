#pragma once
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace carillon::testing {

/// A folder that goes with its object.
class temporary_folder {
 public:
  /// Errors: throws `std::runtime_error`.
  temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "carillon-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder " + name);
    path_ = name;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    if (!kept_) std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const noexcept { return path_; }
  std::string path(std::string_view name) const { return (path_ / name).string(); }

  /// Writes a file and answers its path. Whoever reads it meanwhile sees the old text or the new one.
  std::string write(std::string_view name, std::string_view text) const {
    const auto beside = path(std::string{name} + ".new");
    std::ofstream{beside, std::ios::binary} << text;
    std::filesystem::rename(beside, path(name));
    return path(name);
  }

  /// It stays, for people to look at.
  void keep() noexcept { kept_ = true; }

 private:
  std::filesystem::path path_;
  bool kept_ = false;
};

}  // namespace carillon::testing
