#include "carillon/shared/push_progress.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace carillon::app {
namespace {

std::uint64_t ended(const pushes::push_figures& figures) {
  return figures.sent + figures.dead + figures.given_back;
}

constexpr std::size_t bar_width = 24;

}  // namespace

std::string with_commas(std::uint64_t number) {
  auto text = fmt::format("{}", number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), 1, ',');
  return text;
}

std::optional<std::string> push_progress::line(const pushes::push_figures& now,
                                               std::chrono::nanoseconds elapsed, std::size_t width) {
  if (now.due <= ended(now)) {
    busy_ = false;
    begun_ = now;
    return std::nullopt;
  }
  if (!busy_) {
    busy_ = true;
    begun_at_ = elapsed;
  }
  const auto all = now.due - begun_.due;
  const auto done = std::min(ended(now) - ended(begun_), all);
  const auto full = all == 0 ? 0 : bar_width * done / all;
  const auto seconds = std::chrono::duration<double>(elapsed - begun_at_).count();
  const auto speed = seconds < 1 ? 0.0 : static_cast<double>(done) / seconds;
  auto text = fmt::format("[{:<{}}] {} of {}", std::string(full, '#'), bar_width, with_commas(done),
                          with_commas(all));
  if (speed >= 1) text += fmt::format(", {} a second", with_commas(static_cast<std::uint64_t>(speed)));
  if (now.dead > begun_.dead) text += fmt::format(", {} dead", with_commas(now.dead - begun_.dead));
  return text.substr(0, width == 0 ? 0 : width - 1);
}

}  // namespace carillon::app
