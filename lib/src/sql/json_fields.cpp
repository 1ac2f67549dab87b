#include "sql/json_fields.hpp"

#include <boost/system/error_code.hpp>

namespace carillon::sql {

namespace {

/// How many bytes of well-formed UTF-8 begin the text; 0: none.
std::size_t length_of_character(std::string_view text) {
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  const auto follows = [&](std::size_t k, unsigned low, unsigned high) {
    return k < text.size() && byte(k) >= low && byte(k) <= high;
  };
  const unsigned first = byte(0);
  if (first == 0) return 0;
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80, high = first == 0xed ? 0x9f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80, high = first == 0xf4 ? 0x8f : 0xbf;
    return follows(1, low, high) && follows(2, 0x80, 0xbf) && follows(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string clean(std::string_view text) {
  std::string made;
  made.reserve(text.size());
  while (!text.empty()) {
    const auto length = length_of_character(text);
    made += length == 0 ? std::string_view{"\xef\xbf\xbd"} : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return made;
}

json::value parsed(std::string_view text) {
  boost::system::error_code failed;
  auto value = json::parse(text, failed);
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
