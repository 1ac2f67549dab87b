#pragma once
#include <optional>
#include <string>
#include <vector>

#include "carillon/diagnostic.hpp"

namespace carillon::app {

/// The files of a folder such as /etc/cron.d that are crontabs, by name; and those that are not, and why.
struct folder_crontabs {
  std::vector<std::string> files;
  std::vector<diagnostic> found;
};

/// Crontabs have names of letters, digits, _ and - only, as cron wants it: that leaves out what editors and
/// packages put beside them. Files whose name begins with a dot are left out without a word.
folder_crontabs crontabs_in(const std::string& folder);

/// Reads a crontab whose lines name users: a regular file (or a link to one) that nobody may write to but its
/// owner, who must be root or the user of this process. What is wrong is added to `found`.
std::optional<std::string> read_trusted_file(const std::string& file, std::vector<diagnostic>& found);

/// What changes when one of these files changes, or a file is added to one of these folders or removed:
/// inode, size and times of each. Of files that cannot be asked, that.
std::string stamp_of(const std::vector<std::string>& files, const std::vector<std::string>& folders);

}  // namespace carillon::app
