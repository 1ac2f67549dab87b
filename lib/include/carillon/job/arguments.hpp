#pragma once
#include <boost/json/array.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <carillon/job/detail/json_fault.hpp>
#include <concepts>
#include <cstddef>
#include <optional>
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

/// Parses a JSON array of arguments; empty text is an empty array. Throws `argument_error`.
json::array parse_arguments(std::string_view text);
/// No arguments are an empty text.
std::string write_arguments(const json::array& arguments);

std::string argument_path(std::size_t index);
std::string wrong_count(std::size_t expected, std::size_t found);
/// Fails a run for good: trying again would not mend its arguments.
[[noreturn]] void fail_for_arguments(const std::string& fault);

/// Why a list of arguments does not fit the parameters of a tuple; none if it does.
template <typename Tuple>
std::optional<std::string> fault_of_arguments(const json::array& arguments) {
  constexpr auto count = std::tuple_size_v<Tuple>;
  if (arguments.size() != count) return wrong_count(count, arguments.size());
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    std::optional<std::string> fault;
    (void)((fault = json_fault<std::tuple_element_t<I, Tuple>>(arguments[I], argument_path(I))) || ...);
    return fault;
  }(std::make_index_sequence<count>{});
}

/// The arguments of a run. Throws a permanent `failure` named "arguments" if they do not fit.
template <typename Tuple>
Tuple decode_arguments(std::string_view text) try {
  const auto arguments = parse_arguments(text);
  if (arguments.size() != std::tuple_size_v<Tuple>) {
    throw argument_error(wrong_count(std::tuple_size_v<Tuple>, arguments.size()));
  }
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return Tuple{json::value_to<std::tuple_element_t<I, Tuple>>(arguments[I])...};
  }(std::make_index_sequence<std::tuple_size_v<Tuple>>{});
} catch (const argument_error& why) {
  fail_for_arguments(why.what());
} catch (const std::exception& why) {
  fail_for_arguments(fault_of_arguments<Tuple>(parse_arguments(text)).value_or(why.what()));
}

/// Arguments as a JSON array.
template <typename... Args>
std::string encode_arguments(const Args&... arguments) {
  json::array list;
  (list.push_back(json::value_from(arguments)), ...);
  return write_arguments(list);
}

/// `given` as a value of a parameter's type. Throws `argument_error` for a number that changes on the way.
template <typename Parameter, typename Given>
Parameter converted(Given&& given, std::size_t index) {
  if constexpr (std::is_arithmetic_v<Parameter> && std::is_arithmetic_v<std::remove_cvref_t<Given>> &&
                !std::same_as<Parameter, bool>) {
    if (const auto fault = json_fault<Parameter>(json::value_from(given), argument_path(index)))
      throw argument_error(*fault);
    return static_cast<Parameter>(given);
  } else {
    return std::forward<Given>(given);
  }
}

}  // namespace detail
}  // namespace carillon
