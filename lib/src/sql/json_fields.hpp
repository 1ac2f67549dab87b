#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <carillon/time/instant.hpp>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "sql/job_codec.hpp"

namespace carillon::sql {

namespace json = boost::json;

/// Text as every database takes it: UTF-8 without NUL. What is none becomes U+FFFD.
std::string clean(std::string_view text);

/// @throws unreadable
json::value parsed(std::string_view text);
std::string serialized(const json::object& all);

/// Makes a JSON object; what has its default is left out.
class field_writer {
 public:
  template <typename T>
    requires std::integral<T>
  field_writer& put(std::string_view name, T value, std::type_identity_t<T> usual = {}) {
    if (value != usual) all_[name] = value;
    return *this;
  }
  template <typename T>
    requires std::is_enum_v<T>
  field_writer& put(std::string_view name, T value) {
    return put(name, static_cast<int>(value));
  }
  field_writer& put(std::string_view name, std::string_view value) {
    if (!value.empty()) all_[name] = clean(value);
    return *this;
  }
  field_writer& put(std::string_view name, instant value) {
    all_[name] = value.time_since_epoch().count();
    return *this;
  }
  field_writer& put(std::string_view name, const std::optional<instant>& value) {
    if (value) put(name, *value);
    return *this;
  }
  json::object take() { return std::move(all_); }

 private:
  json::object all_;
};

/// Reads one; what is not there stays as it is. What is of another kind throws `unreadable`.
class field_reader {
 public:
  explicit field_reader(const json::value& all);

  const json::value* find(std::string_view name) const { return all_.if_contains(name); }
  const json::array* list(std::string_view name) const;

  template <typename T>
  const field_reader& get(std::string_view name, T& into) const {
    if (const auto* const value = find(name)) read(name, *value, into);
    return *this;
  }
  template <typename T>
  const field_reader& get_all(std::string_view name, std::vector<T>& into) const {
    const auto* const values = list(name);
    if (!values) return *this;
    for (const auto& each : *values) read(name, each, into.emplace_back());
    return *this;
  }

 private:
  [[noreturn]] static void refuse(std::string_view name);

  template <typename T>
  static void read(std::string_view name, const json::value& from, T& into) {
    if constexpr (std::is_same_v<T, bool>) {
      if (!from.is_bool()) refuse(name);
      into = from.get_bool();
    } else if constexpr (std::is_enum_v<T>) {
      int number = 0;
      read(name, from, number);
      if (number < 0 || number > 15) refuse(name);
      into = static_cast<T>(number);
    } else if constexpr (std::integral<T>) {
      const auto number = json::try_value_to<T>(from);
      if (!number) refuse(name);
      into = *number;
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!from.is_string()) refuse(name);
      into = from.get_string();
    } else {
      std::int64_t time = 0;
      read(name, from, time);
      into = instant{milliseconds{time}};
    }
  }

  const json::object& all_;
};

}  // namespace carillon::sql
