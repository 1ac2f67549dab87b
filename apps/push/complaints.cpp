#include "push/complaints.hpp"

#include <algorithm>
#include <carillon/trigger/trigger.hpp>
#include <utility>

namespace carillon::pushes {

namespace {

constexpr std::size_t most_told = 10'000;
constexpr std::size_t most_shown = 200;

std::string shown(std::string_view text) {
  std::string all;
  for (const char each : text.substr(0, most_shown)) all += each >= ' ' && each != '\x7f' ? each : '?';
  if (text.size() > most_shown) all += "...";
  return all;
}

}  // namespace

complaints::complaints(std::shared_ptr<spdlog::logger> logger, std::string where, std::string rich_where)
    : logger_{std::move(logger)}, where_{std::move(where)}, rich_where_{std::move(rich_where)} {}

bool complaints::is_new(std::string_view what) {
  if (told_.size() >= most_told) {
    if (!too_many_) logger_->warn("push: {}: {} are malformed; no more of them are told", where_, most_told);
    too_many_ = true;
    return false;
  }
  return told_.insert(seed_of(what)).second;
}

std::size_t complaints::tell(const reserved_page& page) {
  std::size_t count = 0;
  for (const auto& each : page.misfits) {
    if (!is_new(each.member + '\n' + each.score)) continue;
    ++count;
    const auto member = parse_member(each.member);
    const auto score = parse_score(each.score);
    const auto& wrong = member ? score.error() : member.error();
    logger_->warn("push: {}: member '{}' with score {} is left out: {}", where_, shown(each.member),
                  each.score, wrong.to_string());
  }
  const auto more = page.malformed - std::min<std::uint64_t>(page.malformed, page.misfits.size());
  if (more == 0 || !is_new("more than\n" + page.misfits.back().member)) return count;
  logger_->warn("push: {}: {} more like these are left out; `carillon push check` tells how many in all",
                where_, more);
  return count + more;
}

bool complaints::tell_rich(std::string_view field, std::string_view value, const std::string& why) {
  std::string both{field};
  both += '\n';
  both += value;
  if (!is_new(both)) return false;
  logger_->warn("push: {}: field '{}' is left out: {}", rich_where_, shown(field), why);
  return true;
}

}  // namespace carillon::pushes
