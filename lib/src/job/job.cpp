#include <fmt/format.h>
#include <xxhash.h>
#include <boost/json/serialize.hpp>
#include <carillon/job/job.hpp>
#include <carillon/job/json.hpp>

#include <algorithm>

namespace carillon {

namespace {

/// How many bytes the UTF-8 character that begins with `first` has; 0 if none begins so.
std::size_t length_of_character(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return 2;
  if (first >= 0xE0 && first < 0xF0) return 3;
  if (first >= 0xF0 && first < 0xF5) return 4;
  return 0;
}

/// Whether the second byte makes a longer form than needed, half a surrogate pair, or more than Unicode has.
bool is_out_of_range(unsigned char first, unsigned char second) {
  return (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) ||
         (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto length = length_of_character(static_cast<unsigned char>(text.front()));
    if (length == 0 || length > text.size()) return false;
    const auto rest = text.substr(1, length - 1);
    const bool continued =
        std::ranges::all_of(rest, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; });
    if (!continued) return false;
    if (length > 1 &&
        is_out_of_range(static_cast<unsigned char>(text[0]), static_cast<unsigned char>(text[1])))
      return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

std::string_view name(job_state state) noexcept {
  switch (state) {
    case job_state::active: return "active";
    case job_state::paused: return "paused";
    case job_state::parked: return "parked";
    case job_state::ended: return "ended";
    case job_state::removed: return "removed";
  }
  return "unknown";
}

std::uint64_t job_definition::hash() const {
  auto seen = to_json(*this);
  seen.erase("origin");
  const auto text = boost::json::serialize(seen);
  return XXH64(text.data(), text.size(), 0);
}

bool job_definition::same_but_origin(const job_definition& other) const {
  return id == other.id && when == other.when && task_name() == other.task_name() &&
         arguments == other.arguments && first_time == other.first_time &&
         (options == other.options || *options == *other.options);
}

std::optional<std::string> fault_of_id(std::string_view id, std::string_view what) {
  if (id.empty()) return fmt::format("{} must not be empty", what);
  if (id.size() > 255) return fmt::format("{} has at most 255 bytes, this one has {}", what, id.size());
  const bool control =
      std::ranges::any_of(id, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (control) return fmt::format("{} has no control characters (tabs and line breaks among them)", what);
  if (!is_utf8(id)) return fmt::format("{} is UTF-8", what);
  return std::nullopt;
}

}  // namespace carillon
