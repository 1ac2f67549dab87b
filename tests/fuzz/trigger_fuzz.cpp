// The schedule grammar and what it makes: any text is read or refused; what is read prints as itself, and
// fires in order.
#include <carillon/trigger/explanation.hpp>
#include <carillon/trigger/trigger.hpp>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_fault(const carillon::parse_error& why, std::string_view text) {
  require(!why.message.empty());
  require(why.position <= text.size());
}

/// False where a search was given up: once is slow enough.
bool check_fires(const carillon::trigger& when, carillon::instant now) {
  static const auto oslo = carillon::zone::find("Europe/Oslo").value();
  const carillon::binding bound{.seed = 1, .anchor = now, .where = oslo};
  auto last = now;
  for (int i = 0; i < 5; ++i) {
    const auto found = when.next(bound, last);
    if (!found) return false;
    if (!*found) return true;
    require(**found > last);
    const auto before = when.previous(bound, **found);
    if (before && *before) require(**before <= last);
    require(when.due(bound, **found) >= **found);
    last = **found;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace carillon;
  const std::string_view text{reinterpret_cast<const char*>(bytes), size};
  if (size > 400) return 0;
  const auto parsed = parse_trigger(text);
  if (!parsed) {
    check_fault(parsed.error(), text);
    return 0;
  }
  const auto again = parse_trigger(parsed->text());
  require(again.has_value() && again->text() == parsed->text());
  const auto now = instant{std::chrono::sys_days{std::chrono::year{2026} / 3 / 28}};
  if (!check_fires(*parsed, now)) return 0;
  require(!explain(*parsed, {.seed = 1, .anchor = now, .where = {}}, now, 1).sentence.empty());
  return 0;
}
