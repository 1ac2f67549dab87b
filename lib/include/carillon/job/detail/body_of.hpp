#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <carillon/job/arguments.hpp>
#include <carillon/job/run.hpp>
#include <carillon/job/shared_text.hpp>
#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

// How a body of any signature becomes something with one.

namespace carillon::detail {

/// A body behind one interface; see `task`.
class task_body : public boost::intrusive_ref_counter<task_body> {
 public:
  virtual ~task_body() = default;
  virtual bool plain() const noexcept = 0;
  virtual void call(run& of) const = 0;
  virtual boost::asio::awaitable<void> start(run& of) const = 0;
  virtual std::optional<std::string> fault_of(std::string_view arguments) const = 0;
  virtual shared_text bound_arguments() const { return {}; }
};

/// What a run keeps for a parameter, so that it lives as long as the body runs.
template <typename Parameter>
struct kept {
  using type = std::remove_cvref_t<Parameter>;
};
template <>
struct kept<std::string_view> {
  using type = std::string;
};
template <>
struct kept<const std::string_view&> : kept<std::string_view> {};

/// The parameters of a body without `run&`.
template <typename... Parameters>
struct parameter_list {
  static_assert(!((std::is_lvalue_reference_v<Parameters> &&
                   !std::is_const_v<std::remove_reference_t<Parameters>>) ||
                  ...),
                "a body takes its arguments by value or by reference to const");
  using values = std::tuple<typename kept<Parameters>::type...>;
  static constexpr bool has_references = (!std::same_as<Parameters, typename kept<Parameters>::type> || ...);

  /// Calls a body; a parameter that is a value is moved to, the others refer to `arguments`.
  template <typename Call>
  static decltype(auto) apply(Call&& call, values& arguments) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
      return std::forward<Call>(call)(pass<Parameters>(std::get<I>(arguments))...);
    }(std::index_sequence_for<Parameters...>{});
  }

 private:
  template <typename Parameter>
  static decltype(auto) pass(typename kept<Parameter>::type& value) {
    if constexpr (std::is_lvalue_reference_v<Parameter>) {
      return std::as_const(value);
    } else {
      return std::move(value);
    }
  }
};

template <typename... Parameters>
struct signature_of {
  using parameters = parameter_list<Parameters...>;
  static constexpr bool known = true;
  static constexpr bool takes_run = false;
};
template <typename... Parameters>
struct signature_of<run&, Parameters...> {
  using parameters = parameter_list<Parameters...>;
  static constexpr bool known = true;
  static constexpr bool takes_run = true;
};
template <typename... Parameters>
struct signature_of<const run&, Parameters...> : signature_of<run&, Parameters...> {};

/// Of a template or an overloaded functor nobody can tell what it takes: then a run, or nothing.
template <typename Body>
struct signature {
  using parameters = parameter_list<>;
  static constexpr bool known = false;
  static constexpr bool takes_run = std::invocable<Body&, run&>;
};
template <typename R, typename... P>
struct signature<R (*)(P...)> : signature_of<P...> {};
template <typename R, typename... P>
struct signature<R (*)(P...) noexcept> : signature_of<P...> {};
template <typename R, typename C, typename... P>
struct signature<R (C::*)(P...)> : signature_of<P...> {};
template <typename R, typename C, typename... P>
struct signature<R (C::*)(P...) const> : signature_of<P...> {};
template <typename R, typename C, typename... P>
struct signature<R (C::*)(P...) noexcept> : signature_of<P...> {};
template <typename R, typename C, typename... P>
struct signature<R (C::*)(P...) const noexcept> : signature_of<P...> {};
template <typename Body>
  requires requires { &Body::operator(); }
struct signature<Body> : signature<decltype(&Body::operator())> {};

/// What a coroutine returns, or a call.
template <typename Returned>
struct returned_by {
  using value = Returned;
  static constexpr bool is_plain = true;
};
template <typename T>
struct returned_by<boost::asio::awaitable<T>> {
  using value = T;
  static constexpr bool is_plain = false;
};

template <typename T>
concept returnable = std::is_void_v<T> || json::has_value_from<std::remove_cvref_t<T>>::value;

template <typename Body>
class body_of : public task_body {
  using parameters = typename signature<Body>::parameters;
  using argument_values = typename parameters::values;

  static decltype(auto) call_with(Body& body, run& of, argument_values& values) {
    return parameters::apply(
        [&](auto&&... each) -> decltype(auto) {
          if constexpr (signature<Body>::takes_run) {
            return std::invoke(body, of, std::forward<decltype(each)>(each)...);
          } else {
            return std::invoke(body, std::forward<decltype(each)>(each)...);
          }
        },
        values);
  }

  using returned =
      decltype(call_with(std::declval<Body&>(), std::declval<run&>(), std::declval<argument_values&>()));
  using value = typename returned_by<returned>::value;
  static constexpr bool is_plain = returned_by<returned>::is_plain;
  static constexpr bool returns_value = !std::is_void_v<value>;
  static constexpr bool has_arguments = std::tuple_size_v<argument_values> > 0;
  static_assert(
      returnable<value>,
      "a body returns nothing, or a type that Boost.JSON converts, or boost::asio::awaitable of one");

 public:
  explicit body_of(Body body) : body_{std::move(body)} {}

  bool plain() const noexcept override { return is_plain; }

  void call([[maybe_unused]] run& of) const override {
    if constexpr (is_plain) {
      auto values = decode(of);
      if constexpr (returns_value) {
        of.returns(json::value_from(call_with(body_, of, values)));
      } else {
        call_with(body_, of, values);
      }
    }
  }

  boost::asio::awaitable<void> start(run& of) const override {
    if constexpr (is_plain) {
      return call_later(*this, of);
    } else if constexpr (parameters::has_references || returns_value) {
      return start_with(*this, of);
    } else {
      auto values = decode(of);
      return call_with(body_, of, values);
    }
  }

  std::optional<std::string> fault_of(std::string_view text) const override try {
    return fault_of_arguments<argument_values>(parse_arguments(text));
  } catch (const argument_error& why) {
    return why.what();
  }

 private:
  static argument_values decode(const run& of) {
    if constexpr (has_arguments) {
      return decode_arguments<argument_values>(of.arguments());
    } else {
      return {};
    }
  }

  static boost::asio::awaitable<void> call_later(const body_of& self, run& of) {
    self.call(of);
    co_return;
  }

  /// Its frame holds what the body's parameters refer to; it keeps what the body returns.
  static boost::asio::awaitable<void> start_with(const body_of& self, run& of) {
    auto values = decode(of);
    auto body = call_with(self.body_, of, values);
    if constexpr (returns_value) {
      auto returned_value = co_await std::move(body);
      of.returns(json::value_from(std::move(returned_value)));
    } else {
      co_await std::move(body);
    }
  }

  mutable Body body_;
};

/// A body that `bind` gave arguments.
template <typename Body>
class bound_body_of final : public body_of<Body> {
 public:
  bound_body_of(Body body, std::string_view arguments)
      : body_of<Body>{std::move(body)}, arguments_{arguments} {}
  shared_text bound_arguments() const override { return arguments_; }

 private:
  shared_text arguments_;
};

}  // namespace carillon::detail
