#pragma once
#include <carillon/store/member_backend.hpp>
#include <carillon/store/store_facts.hpp>

#include <cstddef>
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
  std::string what;    ///< What is so.
  std::string breaks;  ///< Which promise of docs/redis.md it breaks.
  std::string remedy;  ///< What to do about it.
  /// Which of the faults that the doctor was told of `--repair` mends by it; none: it mends nothing.
  std::optional<std::size_t> repairable;
};

/// What is said of a kind of fault.
struct fault_words {
  weight how;
  const char* what;  ///< {} is the subject.
  std::string_view breaks;
};
/// A finding in those words; `detail` follows in brackets if there is any.
finding finding_of(const fault_words& words, std::string_view subject, std::string_view detail,
                   std::string remedy);

/// The promises of docs/redis.md, which every store that instances share gives.
namespace promise {
inline constexpr std::string_view once_only = "an occurrence is claimed at most once";
inline constexpr std::string_view somebody_claims = "a due occurrence is claimed by somebody";
inline constexpr std::string_view room_held =
    "no run is recorded while max_instances are active, and none more is kept out";
inline constexpr std::string_view fires_again = "no job is left that never fires again";
inline constexpr std::string_view accounted = "everything temporary goes, and what is to stay stays";
}  // namespace promise

/// What the doctor has seen of a store, whichever it is. `members` was asked for after `contents`: a run
/// whose member is not among them has none.
struct store_examination {
  store_facts store;
  std::string name_space;
  store_contents contents;
  members_answer members;
  job_shares shares;  ///< By those members.
  std::vector<group_facts> groups;
  std::vector<missing_predecessor> missing;
};

/// What is wrong with it: a pure function. What is overdue is told ten times at most, and the rest as a
/// number.
std::vector<finding> findings_of(const store_examination& seen);

/// That, with what a kind of store adds of its own, the gravest first, after what was found before.
void add_findings_of(const store_examination& seen, std::vector<finding> own, std::vector<finding>& found);

/// What is wrong with the server, in the doctor's words.
std::vector<finding> findings_about(const server_report& server);

/// Puts the gravest first; those of one weight stay in their order.
void sort_by_weight(std::vector<finding>& found);

/// Whether any of them weighs more than a note.
bool has_weight(const std::vector<finding>& found);

}  // namespace carillon::app
