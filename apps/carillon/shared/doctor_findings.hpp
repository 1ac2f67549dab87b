#pragma once
#include <carillon/redis/inspection.hpp>
#include <carillon/store/member_backend.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carillon::app {

/// How much a finding weighs.
enum class weight : std::uint8_t {
  note,     ///< Worth knowing; nothing is wrong.
  warning,  ///< A promise holds no more in some case.
  fault,    ///< A promise is broken now.
};
std::string_view name(weight which) noexcept;

/// One thing that the doctor says.
struct finding {
  weight how{};
  std::string what;                             ///< What is so.
  std::string breaks;                           ///< Which promise of docs/redis.md it breaks.
  std::string remedy;                           ///< What to do about it.
  std::optional<redis::data_fault> repairable;  ///< What `--repair` mends.
};

/// What the doctor has seen of a store. `members` was asked for after `partitions`: a run whose member is not
/// among them has none.
struct store_examination {
  redis::store_facts store;
  std::string name_space;
  std::vector<redis::partition_facts> partitions;
  std::vector<redis::data_fault> keys;
  members_answer members;
  redis::job_shares shares;  ///< By those members.
  std::vector<redis::group_facts> groups;
  std::vector<redis::missing_predecessor> missing;

  std::uint64_t jobs() const;
};

/// What is wrong with it: a pure function. The gravest first. What is overdue is told ten times at most, and
/// the rest as a number.
std::vector<finding> findings_of(const store_examination& seen);

/// Whether any of them weighs more than a note.
bool has_weight(const std::vector<finding>& found);

}  // namespace carillon::app
