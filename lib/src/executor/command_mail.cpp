#include <carillon/executor/command_mail.hpp>

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <algorithm>
#include <stdexcept>

namespace carillon {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_header = 900;  // of 998 bytes that mail lets a line have

bool is_address_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view{"@!:%-._+"}.find(c) != std::string_view::npos;
}

bool fits_a_line(std::string_view text) {
  return text.size() <= longest_header &&
         std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x20; });
}

const std::string& text_of(std::string_view member, const json::value& in, std::string& into) {
  if (!in.is_string()) throw std::invalid_argument(fmt::format("mail: {}: must be a text", member));
  return into = in.get_string();
}

void read_mail_member(command_mail& mail, std::string_view name, const json::value& in) {
  if (name == "to" && in.is_array()) {
    for (const auto& one : in.get_array()) text_of(name, one, mail.to.emplace_back());
  } else if (name == "from") {
    text_of(name, in, mail.from);
  } else if (name == "content_type") {
    text_of(name, in, mail.content_type);
  } else if (name == "transfer_encoding") {
    text_of(name, in, mail.transfer_encoding);
  } else if (name == "if_possible" && in.is_bool()) {
    mail.if_possible = in.get_bool();
  } else if (name == "show_env" && in.is_bool()) {
    mail.show_env = in.get_bool();
  } else {
    throw std::invalid_argument(
        fmt::format("mail: {}: there are to (a list of texts), from, content_type and transfer_encoding "
                    "(texts), if_possible and show_env (true or false)",
                    name));
  }
}

}  // namespace

std::vector<std::string> addresses_of(std::string_view list) {
  std::vector<std::string> found;
  while (!list.empty()) {
    const auto begin = list.find_first_not_of(", \t");
    if (begin == std::string_view::npos) break;
    const auto end = std::min(list.find_first_of(", \t", begin), list.size());
    found.emplace_back(list.substr(begin, end - begin));
    list.remove_prefix(end);
  }
  return found;
}

std::optional<std::string> fault_of_address(std::string_view address) {
  const bool plain = !address.empty() && address.size() <= 320 && address.front() != '-' &&
                     std::all_of(address.begin(), address.end(), is_address_character);
  if (plain) return std::nullopt;
  return fmt::format("'{}' is no plain address: letters, digits and @!:%-._+, and no '-' first", address);
}

std::optional<std::string> fault_of(const command_mail& mail) {
  if (mail.to.empty()) return "mail without an address to send it to";
  for (const auto& address : mail.to) {
    if (auto fault = fault_of_address(address)) return fault;
  }
  if (!mail.from.empty()) {
    if (auto fault = fault_of_address(mail.from)) return fault;
  }
  for (const auto* header : {&mail.content_type, &mail.transfer_encoding}) {
    if (!fits_a_line(*header)) return "a header of a mail must be one line of at most 900 bytes";
  }
  return std::nullopt;
}

void tag_invoke(json::value_from_tag, json::value& out, const command_mail& mail) {
  auto& object = out.emplace_object();
  object["to"] = json::value_from(mail.to);
  if (!mail.from.empty()) object["from"] = mail.from;
  if (!mail.content_type.empty()) object["content_type"] = mail.content_type;
  if (!mail.transfer_encoding.empty()) object["transfer_encoding"] = mail.transfer_encoding;
  if (mail.if_possible) object["if_possible"] = true;
  if (mail.show_env) object["show_env"] = true;
}

command_mail tag_invoke(json::value_to_tag<command_mail>, const json::value& in) {
  if (!in.is_object()) throw std::invalid_argument("mail: must be an object");
  command_mail mail;
  for (const auto& [name, value] : in.get_object()) read_mail_member(mail, name, value);
  return mail;
}

}  // namespace carillon
