#pragma once
#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/json/value_to.hpp>
#include <boost/mp11/algorithm.hpp>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

// Why a JSON value does not convert to a type, in words that name the member. Boost.JSON itself says that,
// not where; so this walks the type as its conversion does, with the same traits in the same order.

namespace carillon::detail {

namespace json = boost::json;

/// A type that brings its own conversion: only that knows what it takes.
template <typename T>
concept converts_itself = requires(const json::value& from) {
  tag_invoke(json::value_to_tag<T>{}, from);
} || requires(const json::value& from) { tag_invoke(json::try_value_to_tag<T>{}, from); };

template <typename T>
using value_of_optional = std::remove_cvref_t<decltype(std::declval<T&>().value())>;

template <typename T>
using members_of =
    boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

std::string misfit(std::string_view path, std::string_view expected, const json::value& found);
std::string unknown_member(std::string_view path, std::string_view member, std::string_view known);
std::string missing_member(std::string_view path, std::string_view member, std::string_view expected);
/// What a conversion that throws says of a value, after its path. To be called while the exception is caught.
std::string refused(std::string_view path, std::string_view expected, const json::value& found);

template <typename T>
std::string expected_type();

template <typename Enum>
std::string names_of_enum() {
  std::string names;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>(
      [&](auto one) { names += (names.empty() ? "one of " : ", ") + std::string{one.name}; });
  return names;
}

template <typename... Alternatives>
std::string expected_one_of(std::type_identity<std::variant<Alternatives...>>) {
  std::string all;
  ((all += (all.empty() ? "" : " or ") + expected_type<Alternatives>()), ...);
  return all;
}
std::string expected_one_of(auto) { return "one of its alternatives"; }

template <typename T>
std::string expected_type() {
  if constexpr (converts_itself<T>) {
    return "a value of its type";
  } else if constexpr (std::same_as<T, bool>) {
    return "true or false";
  } else if constexpr (std::integral<T>) {
    return "a whole number from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
           std::to_string(std::numeric_limits<T>::max());
  } else if constexpr (std::floating_point<T>) {
    return "a number";
  } else if constexpr (json::is_null_like<T>::value) {
    return "null";
  } else if constexpr (json::is_string_like<T>::value || json::is_path_like<T>::value) {
    return "a text";
  } else if constexpr (json::is_variant_like<T>::value) {
    return expected_one_of(std::type_identity<T>{});
  } else if constexpr (json::is_optional_like<T>::value) {
    return expected_type<value_of_optional<T>>();
  } else if constexpr (json::is_map_like<T>::value) {
    return "an object";
  } else if constexpr (json::is_tuple_like<T>::value) {
    return "a list of " + std::to_string(std::tuple_size_v<T>);
  } else if constexpr (json::is_sequence_like<T>::value) {
    return "a list";
  } else if constexpr (json::is_described_class<T>::value) {
    return "an object";
  } else if constexpr (json::is_described_enum<T>::value) {
    return names_of_enum<T>();
  } else {
    return "a value of its type";
  }
}

template <typename T>
std::optional<std::string> json_fault(const json::value& value, const std::string& path);

template <typename T>
std::optional<std::string> fault_of_members(const json::object& object, const std::string& path) {
  std::optional<std::string> fault;
  std::string known;
  boost::mp11::mp_for_each<members_of<T>>([&](auto member) {
    using type = std::remove_cvref_t<decltype(std::declval<T&>().*member.pointer)>;
    known += (known.empty() ? "" : ", ") + std::string{member.name};
    if (fault) return;
    if (const auto* found = object.if_contains(member.name)) {
      fault = json_fault<type>(*found, path + "." + member.name);
    } else if (!json::is_optional_like<type>::value) {
      fault = missing_member(path, member.name, expected_type<type>());
    }
  });
  if (fault) return fault;
  for (const auto& entry : object) {
    bool is_known = false;
    boost::mp11::mp_for_each<members_of<T>>(
        [&](auto member) { is_known = is_known || entry.key() == member.name; });
    if (!is_known) return unknown_member(path, entry.key(), known);
  }
  return std::nullopt;
}

template <typename T>
std::optional<std::string> fault_of_list(const json::array& list, const std::string& path) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (auto fault = json_fault<typename T::value_type>(list[i], path + "[" + std::to_string(i) + "]"))
      return fault;
  }
  return std::nullopt;
}

template <typename T, std::size_t... I>
std::optional<std::string> fault_of_tuple(const json::array& list, const std::string& path,
                                          std::index_sequence<I...>) {
  std::optional<std::string> fault;
  (void)((fault = json_fault<std::tuple_element_t<I, T>>(list[I], path + "[" + std::to_string(I) + "]")) ||
         ...);
  return fault;
}

template <typename T>
std::optional<std::string> fault_of_entries(const json::object& object, const std::string& path) {
  for (const auto& entry : object) {
    if (auto fault =
            json_fault<typename T::mapped_type>(entry.value(), path + "." + std::string{entry.key()}))
      return fault;
  }
  return std::nullopt;
}

/// A sentence beginning with the path of what is wrong; none if the value converts to T.
template <typename T>
std::optional<std::string> json_fault(const json::value& value, const std::string& path) {
  const auto wrong_kind = [&] { return misfit(path, expected_type<T>(), value); };
  if constexpr (converts_itself<T>) {
    try {
      (void)json::value_to<T>(value);
      return std::nullopt;
    } catch (const std::exception&) {
      return refused(path, expected_type<T>(), value);
    }
  } else if constexpr (std::is_arithmetic_v<T> || json::is_null_like<T>::value ||
                       json::is_string_like<T>::value || json::is_variant_like<T>::value) {
    if (!json::try_value_to<T>(value)) return wrong_kind();
    return std::nullopt;
  } else if constexpr (json::is_optional_like<T>::value) {
    if (value.is_null()) return std::nullopt;
    return json_fault<value_of_optional<T>>(value, path);
  } else if constexpr (json::is_map_like<T>::value) {
    if (!value.is_object()) return wrong_kind();
    return fault_of_entries<T>(value.get_object(), path);
  } else if constexpr (json::is_tuple_like<T>::value) {
    constexpr auto size = std::tuple_size_v<T>;
    if (!value.is_array() || value.get_array().size() != size) return wrong_kind();
    return fault_of_tuple<T>(value.get_array(), path, std::make_index_sequence<size>{});
  } else if constexpr (json::is_sequence_like<T>::value) {
    if (!value.is_array()) return wrong_kind();
    return fault_of_list<T>(value.get_array(), path);
  } else if constexpr (json::is_described_class<T>::value) {
    if (!value.is_object()) return wrong_kind();
    return fault_of_members<T>(value.get_object(), path);
  } else {
    if (!json::try_value_to<T>(value)) return wrong_kind();
    return std::nullopt;
  }
}

}  // namespace carillon::detail
