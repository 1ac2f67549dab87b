#pragma once
#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace carillon::app {

/// A folder for the files of one test, which goes with it.
class temporary_folder {
 public:
  temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "carillon-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder_ = name;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::string path(std::string_view name) const { return (folder_ / name).string(); }

  /// Writes a file and answers its path. Whoever reads it meanwhile sees the old text or the new one.
  std::string write(std::string_view name, std::string_view text) const {
    const auto beside = path(std::string{name} + ".new");
    std::ofstream{beside, std::ios::binary} << text;
    std::filesystem::rename(beside, path(name));
    return path(name);
  }

 private:
  std::filesystem::path folder_;
};

}  // namespace carillon::app
