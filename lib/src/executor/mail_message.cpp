#include "executor/mail_message.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace carillon {
namespace {

constexpr std::size_t longest_header_text = 800;

// One line, cut where a header must end.
std::string in_header(std::string_view text) {
  std::string line{text.substr(0, longest_header_text)};
  while (line.size() < text.size() && !line.empty() &&
         (static_cast<unsigned char>(text[line.size()]) & 0xC0) == 0x80) {
    line.pop_back();  // not within a character
  }
  std::replace_if(
      line.begin(), line.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; },
      ' ');
  return line;
}

}  // namespace

void mail_body::add(std::string_view bytes) {
  all_ += bytes.size();
  kept_ += bytes;
  if (kept_.size() > 2 * most_) kept_.erase(0, kept_.size() - most_);
}

std::string mail_body::text() const {
  std::string_view end{kept_};
  std::string text;
  if (all_ > most_) {
    end.remove_prefix(end.size() - std::min(end.size(), most_));
    const auto line = end.find('\n');
    if (line != std::string_view::npos && line + 1 < end.size()) end.remove_prefix(line + 1);
    text = fmt::format("[{} of {} bytes are left out here]\n", all_ - end.size(), all_);
  }
  std::copy_if(end.begin(), end.end(), std::back_inserter(text), [](char c) { return c != '\r'; });
  return text;
}

std::string mail_message(const command_line& command, std::string_view user, std::string_view host,
                         std::string_view body) {
  const auto& mail = *command.mail;
  const auto of = [](const std::string& given, std::string_view otherwise) {
    return given.empty() ? std::string{otherwise} : given;
  };
  auto text = fmt::format("From: \"(Cron Daemon)\" <{}>\n", of(mail.from, user));
  text += fmt::format("To: {}\n", fmt::join(mail.to, ", "));
  text += fmt::format("Subject: Cron <{}@{}> {}\n", user, host.substr(0, host.find('.')),
                      in_header(to_string(command)));
  text += "MIME-Version: 1.0\n";
  text += fmt::format("Content-Type: {}\n", of(mail.content_type, "text/plain; charset=UTF-8"));
  text += fmt::format("Content-Transfer-Encoding: {}\n", of(mail.transfer_encoding, "8bit"));
  text += "Auto-Submitted: auto-generated\nPrecedence: bulk\n";
  for (const auto& [name, value] : command.env) {
    if (mail.show_env) text += fmt::format("X-Cron-Env: <{}>\n", in_header(name + "=" + value));
  }
  return text.append("\n").append(body);
}

}  // namespace carillon
