#include <carillon/redis/reply.hpp>

#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <charconv>

namespace carillon::redis {

std::int64_t reply::integer() const {
  if (what() == kind::integer) return node().number;
  if (what() != kind::text) not_a("an integer");
  std::int64_t number = 0;
  const auto digits = raw();
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (wrong != std::errc() || end != digits.data() + digits.size()) not_a("an integer");
  return number;
}

std::string_view reply::text() const {
  if (what() != kind::text) not_a("a text");
  return raw();
}

std::string_view reply::error() const {
  if (what() != kind::error) not_a("an error");
  return raw();
}

reply reply::operator[](std::size_t index) const {
  if (index >= size()) not_a("a longer list");
  const auto& list = node();
  const bool flat = list.end == at_ + 1 + list.length;
  if (flat) return {all_, at_ + 1 + index};
  auto at = begin();
  for (; index > 0; --index) ++at;
  return *at;
}

std::string reply::to_string() const {
  switch (what()) {
    case kind::null: return "null";
    case kind::integer: return std::to_string(node().number);
    case kind::text: return '"' + std::string(raw()) + '"';
    case kind::error: return "error " + std::string(raw());
    case kind::list: break;
  }
  std::string all = "[";
  for (const auto& each : *this) {
    if (all.size() > 1) all += ", ";
    all += each.to_string();
  }
  return all + "]";
}

void reply::not_a(const char* expected) const {
  throw boost::system::system_error(
      make_error_code(errc::store_refused),
      "expected " + std::string(expected) + ", and the answer was " + to_string());
}

}  // namespace carillon::redis
