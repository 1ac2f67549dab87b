#include "sql/json_fields.hpp"

#include <boost/system/error_code.hpp>
#include <carillon/text/plain_text.hpp>

#include "job/json_text.hpp"

namespace carillon::sql {

std::string clean(std::string_view text) {
  auto readable = text::in_utf8(text);
  if (readable.find('\0') == std::string::npos) return readable;
  std::string made;
  for (const char c : readable) {
    if (c == '\0')
      made += "\uFFFD";
    else
      made += c;
  }
  return made;
}

json::value parsed(std::string_view text) {
  boost::system::error_code failed;
  auto value = json::parse(text, failed, json::storage_ptr(), own_text());
  if (failed) throw unreadable("it is no JSON: " + failed.message());
  return value;
}

std::string serialized(const json::object& all) { return clean(json::serialize(all)); }

field_reader::field_reader(const json::value& all)
    : all_{all.is_object() ? all.get_object() : throw unreadable("it is no JSON object")} {}

const json::array* field_reader::list(std::string_view name) const {
  const auto* const value = find(name);
  if (value && !value->is_array()) refuse(name);
  return value ? &value->get_array() : nullptr;
}

void field_reader::refuse(std::string_view name) {
  throw unreadable("its '" + std::string{name} + "' is not as this version writes it");
}

}  // namespace carillon::sql
