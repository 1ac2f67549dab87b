#include "push/push_json.hpp"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/timestamp.hpp>

#include <carillon/text/plain_text.hpp>

namespace carillon::pushes {

std::string to_json(const push& what, const zone& where) { return to_json(what, what.repeat, where); }

std::string to_json(const push& what, bool repeat, const zone& where) {
  boost::json::object object{{"user", text::in_utf8(what.user)},
                             {"tag", text::in_utf8(what.tag)},
                             {"due", format_instant(what.due, where)},
                             {"attempt", what.attempt},
                             {"key", what.key}};
  if (repeat) object["repeat"] = true;
  return boost::json::serialize(object);
}

}  // namespace carillon::pushes
