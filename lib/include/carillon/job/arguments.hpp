#pragma once
#include <boost/describe/members.hpp>
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <boost/mp11/algorithm.hpp>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace carillon {

/// Arguments that do not fit a body, or cannot be written as JSON. The message names argument, member and
/// expected type.
class argument_error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

namespace detail {

namespace json = boost::json;

template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <typename T>
concept described = boost::describe::has_describe_members<T>::value && !std::is_union_v<T>;
template <typename T>
concept text_like = std::convertible_to<const T&, std::string_view>;
template <typename T>
concept map_like = requires { typename T::mapped_type; } && text_like<typename T::key_type>;
template <typename T>
concept list_like = std::ranges::range<T> && !text_like<T> && !map_like<T> &&
                    requires(T list, typename T::value_type one) { list.insert(list.end(), one); };

/// Parses a JSON array of arguments; empty text is an empty array. Throws `argument_error`.
json::array parse_arguments(std::string_view text);
std::string write_arguments(const json::array& arguments);

std::string misfit(std::string_view path, std::string_view expected, const json::value& found);
std::string unknown_member(std::string_view path, std::string_view member, std::string_view known);
std::string wrong_count(std::size_t expected, std::size_t found);

template <typename T>
std::string expected_type() {
  if constexpr (std::same_as<T, bool>) {
    return "true or false";
  } else if constexpr (std::unsigned_integral<T>) {
    return "a whole number from 0 to " + std::to_string(std::numeric_limits<T>::max());
  } else if constexpr (std::integral<T>) {
    return "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
           std::to_string(std::numeric_limits<T>::max());
  } else if constexpr (std::floating_point<T>) {
    return "a number";
  } else if constexpr (text_like<T>) {
    return "a text";
  } else if constexpr (described<T> || map_like<T>) {
    return "an object";
  } else if constexpr (list_like<T>) {
    return "a list";
  } else {
    return "a value of its type";
  }
}

template <typename T>
std::optional<std::string> fault_in(const json::value& value, const std::string& path);

template <typename T>
std::optional<std::string> fault_in_members(const json::object& object, const std::string& path) {
  using members =
      boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;
  std::optional<std::string> fault;
  std::string known;
  boost::mp11::mp_for_each<members>([&](auto member) {
    using type = std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>;
    known += (known.empty() ? "" : ", ") + std::string{member.name};
    if (fault) return;
    const auto* found = object.if_contains(member.name);
    if (found) {
      fault = fault_in<type>(*found, path + "." + member.name);
    } else if (!is_optional<type>) {
      fault = path + "." + member.name + ": is missing; " + expected_type<type>() + " is expected";
    }
  });
  if (fault) return fault;
  for (const auto& entry : object) {
    bool is_known = false;
    boost::mp11::mp_for_each<members>(
        [&](auto member) { is_known = is_known || entry.key() == member.name; });
    if (!is_known) return unknown_member(path, entry.key(), known);
  }
  return std::nullopt;
}

/// Why a value does not convert to T; none if it does.
template <typename T>
std::optional<std::string> fault_in(const json::value& value, const std::string& path) {
  if constexpr (is_optional<T>) {
    if (value.is_null()) return std::nullopt;
    return fault_in<typename T::value_type>(value, path);
  } else if constexpr (described<T>) {
    if (!value.is_object()) return misfit(path, expected_type<T>(), value);
    return fault_in_members<T>(value.get_object(), path);
  } else if constexpr (map_like<T>) {
    if (!value.is_object()) return misfit(path, expected_type<T>(), value);
    for (const auto& entry : value.get_object()) {
      if (auto fault =
              fault_in<typename T::mapped_type>(entry.value(), path + "." + std::string{entry.key()}))
        return fault;
    }
    return std::nullopt;
  } else if constexpr (list_like<T>) {
    if (!value.is_array()) return misfit(path, expected_type<T>(), value);
    std::size_t index = 0;
    for (const auto& one : value.get_array()) {
      if (auto fault = fault_in<typename T::value_type>(one, path + "[" + std::to_string(index++) + "]"))
        return fault;
    }
    return std::nullopt;
  } else {
    return json::try_value_to<T>(value) ? std::nullopt
                                        : std::optional{misfit(path, expected_type<T>(), value)};
  }
}

/// Why a list of arguments does not fit the parameters of a tuple; none if it does.
template <typename Tuple>
std::optional<std::string> fault_in_arguments(const json::array& arguments) {
  constexpr auto count = std::tuple_size_v<Tuple>;
  if (arguments.size() != count) return wrong_count(count, arguments.size());
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    std::optional<std::string> fault;
    ((fault = fault ? fault
                    : fault_in<std::tuple_element_t<I, Tuple>>(arguments[I],
                                                               "argument " + std::to_string(I + 1))),
     ...);
    return fault;
  }(std::make_index_sequence<count>{});
}

template <typename Tuple>
Tuple decode_arguments(std::string_view text) {
  const auto arguments = parse_arguments(text);
  if (const auto fault = fault_in_arguments<Tuple>(arguments)) throw argument_error(*fault);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return Tuple{json::value_to<std::tuple_element_t<I, Tuple>>(arguments[I])...};
  }(std::make_index_sequence<std::tuple_size_v<Tuple>>{});
}

template <typename... Args>
std::string encode_arguments(const Args&... arguments) {
  json::array list;
  (list.push_back(json::value_from(arguments)), ...);
  return write_arguments(list);
}

}  // namespace detail
}  // namespace carillon
