#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace carillon {

/// The folder with the compiled zones: TZDIR, or where systems keep them.
std::string zone_folder();

/// Whether `name` has the form of an IANA name; what else a zone library takes (paths, "localtime",
/// "posix/…") has not.
bool looks_like_zone_name(std::string_view name);

/// What somebody who wrote `name` probably meant, as a sentence; never empty.
std::string hint_for_zone(std::string_view name);

}  // namespace carillon
