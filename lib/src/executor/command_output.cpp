#include "executor/command_output.hpp"

#include <algorithm>
#include <utility>

namespace carillon {

command_output::command_output(std::size_t tail_bytes, std::size_t line_bytes, line_listener on_line)
    : tail_bytes_(tail_bytes), line_bytes_(line_bytes), on_line_(std::move(on_line)) {}

void command_output::add(std::string_view bytes) {
  kept_ += bytes;
  if (kept_.size() > 2 * tail_bytes_) {
    kept_.erase(0, kept_.size() - tail_bytes_);
    cut_ = true;
  }
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto room = line_bytes_ - line_.size();
    const auto taken = std::min({end, room, bytes.size()});
    line_ += bytes.substr(0, taken);
    const bool whole = taken == end;
    const bool only_the_end_of_a_piece = whole && in_pieces_ && line_.empty();
    if ((whole && !only_the_end_of_a_piece) || line_.size() == line_bytes_) hand_on(std::exchange(line_, {}));
    in_pieces_ = !whole && (in_pieces_ || line_.empty());
    bytes.remove_prefix(taken + (whole ? 1 : 0));
  }
}

void command_output::end() {
  if (!line_.empty()) hand_on(std::exchange(line_, {}));
}

void command_output::hand_on(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (on_line_) on_line_(line);
}

std::string command_output::tail() const {
  if (tail_bytes_ == 0) return {};
  std::string_view text{kept_};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  if (!cut_ && text.size() <= tail_bytes_) return std::string{text};
  if (text.size() > tail_bytes_) text.remove_prefix(text.size() - tail_bytes_);
  const auto first_end = text.find('\n');
  if (first_end != std::string_view::npos) return std::string{text.substr(first_end + 1)};
  // One long line: begin at a whole character.
  const auto start = std::find_if(text.begin(), text.end(),
                                  [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  return "…" + std::string(start, text.end());
}

std::string command_output::last_line() const {
  const auto text = tail();
  const auto end = text.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return {};
  const auto start = text.find_last_of('\n', end);
  return text.substr(start == std::string::npos ? 0 : start + 1,
                     end - (start == std::string::npos ? 0 : start + 1) + 1);
}

}  // namespace carillon
