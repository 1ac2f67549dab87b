#include <carillon/text/plain_text.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace carillon::text {

namespace {

// The length of the UTF-8 sequence at the front of `text`; 0 if it is none.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length < 2 || length > text.size()) return length == 1 ? 1 : 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool surrogate_or_beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  const auto is_tail = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  const bool whole = std::ranges::all_of(text.substr(1, length - 1), is_tail);
  return whole && !overlong && !surrogate_or_beyond ? length : 0;
}

bool is_blank(char c) { return c == '\n' || c == '\r' || c == '\t'; }

std::string printable(std::string_view text, std::size_t limit, bool in_one_line) {
  std::string out;
  while (!text.empty() && out.size() < limit) {
    const auto length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (in_one_line && is_blank(text.front())) {
      out += ' ';
    } else if (length == 0 || first < 0x20 || first == 0x7F) {
      out += fmt::format("\\x{:02x}", first);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  if (!text.empty()) out += "…";
  return out;
}

}  // namespace

std::string shown(std::string_view text, std::size_t limit) { return printable(text, limit, false); }

std::string excerpt(std::string_view text, std::size_t limit) {
  const auto last = text.find_last_not_of(" \r\n\t");
  return printable(text.substr(0, last == std::string_view::npos ? 0 : last + 1), limit, true);
}

std::string in_utf8(std::string_view text, std::size_t limit) {
  constexpr std::string_view ellipsis = "…";
  std::string out;
  out.reserve(std::min(text.size(), limit));
  std::size_t fits = 0;  // How much of `out` would leave room for an ellipsis.
  while (!text.empty()) {
    const auto length = utf8_length(text);
    const auto next = length == 0 ? std::string_view{"\uFFFD"} : text.substr(0, length);
    if (next.size() > limit - out.size()) {
      out.resize(fits);
      return out.append(ellipsis);
    }
    out += next;
    if (out.size() + ellipsis.size() <= limit) fits = out.size();
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace carillon::text
