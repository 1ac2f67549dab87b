#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <carillon/job/arguments.hpp>
#include <carillon/job/run.hpp>
#include <carillon/job/shared_text.hpp>
#include <concepts>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace carillon {

/// What can be called for a run, whatever its parameters are. See `task`.
class task_body : public boost::intrusive_ref_counter<task_body> {
 public:
  virtual ~task_body() = default;
  /// Whether it is called (`call`), as against started as a coroutine (`start`).
  virtual bool plain() const noexcept = 0;
  virtual void call(run& of) const = 0;
  virtual boost::asio::awaitable<void> start(run& of) const = 0;
  /// Why these arguments do not fit; none if they do.
  virtual std::optional<std::string> fault_of(std::string_view arguments) const = 0;
};

/// A body with its arguments, as JSON: what `bind` makes.
template <typename Body>
struct bound_body {
  Body body;
  std::string arguments;
};

namespace detail {

/// The parameters of a body without `run&`, as a tuple of values; `unknown` for a template or an overloaded
/// functor.
struct unknown {};
template <typename... Args>
struct parameters {
  using type = std::tuple<std::remove_cvref_t<Args>...>;
  static constexpr bool takes_run = false;
};
template <typename... Args>
struct parameters<run&, Args...> {
  using type = std::tuple<std::remove_cvref_t<Args>...>;
  static constexpr bool takes_run = true;
};

template <typename F>
struct signature {
  using type = unknown;
  static constexpr bool takes_run = std::invocable<F&, run&>;
};
template <typename R, typename... Args>
struct signature<R (*)(Args...)> : parameters<Args...> {};
template <typename R, typename... Args>
struct signature<R (*)(Args...) noexcept> : parameters<Args...> {};
template <typename R, typename C, typename... Args>
struct signature<R (C::*)(Args...)> : parameters<Args...> {};
template <typename R, typename C, typename... Args>
struct signature<R (C::*)(Args...) const> : parameters<Args...> {};
template <typename R, typename C, typename... Args>
struct signature<R (C::*)(Args...) noexcept> : parameters<Args...> {};
template <typename R, typename C, typename... Args>
struct signature<R (C::*)(Args...) const noexcept> : parameters<Args...> {};

template <typename F>
  requires requires { &F::operator(); }
struct signature<F> : signature<decltype(&F::operator())> {};

/// A body that decodes nothing, or whose parameters cannot be told, takes no arguments.
template <typename F>
using arguments_of = std::conditional_t<std::same_as<typename signature<F>::type, unknown>, std::tuple<>,
                                        typename signature<F>::type>;

template <typename F, typename Tuple>
decltype(auto) call_with(F& body, run& of, Tuple& arguments) {
  return std::apply(
      [&](auto&... each) -> decltype(auto) {
        if constexpr (signature<F>::takes_run) {
          return std::invoke(body, of, std::move(each)...);
        } else {
          return std::invoke(body, std::move(each)...);
        }
      },
      arguments);
}

template <typename F>
class body_of final : public task_body {
  using arguments = arguments_of<F>;
  using returned = decltype(call_with(std::declval<F&>(), std::declval<run&>(), std::declval<arguments&>()));
  static constexpr bool is_plain = std::is_void_v<returned>;
  static constexpr bool without_arguments = std::tuple_size_v<arguments> == 0;
  static_assert(is_plain || std::same_as<returned, boost::asio::awaitable<void>>,
                "a body returns void or boost::asio::awaitable<void>");

 public:
  explicit body_of(F body) : body_{std::move(body)} {}

  bool plain() const noexcept override { return is_plain; }

  void call(run& of) const override {
    if constexpr (is_plain) {
      auto decoded = decode(of);
      call_with(body_, of, decoded);
    }
  }

  boost::asio::awaitable<void> start(run& of) const override {
    if constexpr (is_plain) {
      return call_later(*this, of);
    } else if constexpr (without_arguments) {
      arguments none;
      return call_with(body_, of, none);
    } else {
      return start_with_arguments(*this, of);
    }
  }

  std::optional<std::string> fault_of(std::string_view text) const override try {
    return fault_in_arguments<arguments>(parse_arguments(text));
  } catch (const argument_error& why) {
    return why.what();
  }

 private:
  static arguments decode(const run& of) {
    if constexpr (without_arguments) {
      return {};
    } else {
      return decode_arguments<arguments>(of.arguments());
    }
  }

  static boost::asio::awaitable<void> call_later(const body_of& self, run& of) {
    self.call(of);
    co_return;
  }

  /// Its frame holds the arguments, so that a body may take them by reference.
  static boost::asio::awaitable<void> start_with_arguments(const body_of& self, run& of) {
    auto decoded = decode(of);
    auto body = call_with_references(self.body_, of, decoded);
    co_await std::move(body);
  }

  static returned call_with_references(F& body, run& of, arguments& decoded) {
    return std::apply(
        [&](auto&... each) {
          if constexpr (signature<F>::takes_run) {
            return std::invoke(body, of, each...);
          } else {
            return std::invoke(body, each...);
          }
        },
        decoded);
  }

  mutable F body_;
};

template <typename T>
inline constexpr bool is_bound = false;
template <typename Body>
inline constexpr bool is_bound<bound_body<Body>> = true;

}  // namespace detail

/// The code of jobs: a function, lambda or functor, `awaitable<void>(run&, Args…)`, `void(run&, Args…)`, or
/// either without `run&`.
///
/// Args are types that Boost.JSON converts (numbers, texts, lists, maps, optionals, structs described with
/// Boost.Describe); each run decodes them from the job's arguments. A lambda that is a coroutine may capture:
/// it lives as long as the task does. Copies share one body. Thread safety: distinct objects, safe; the body
/// is called where its executor says.
class task {
 public:
  template <typename Body>
    requires(!std::same_as<std::remove_cvref_t<Body>, task>)
  explicit task(Body&& body) {
    using stored = std::decay_t<Body>;
    if constexpr (detail::is_bound<stored>) {
      arguments_ = body.arguments;
      body_ = new detail::body_of<decltype(body.body)>(std::forward<Body>(body).body);
    } else {
      body_ = new detail::body_of<stored>(std::forward<Body>(body));
    }
  }

  /// Whether it is called in the loop, as against started as a coroutine.
  bool plain() const noexcept { return body_->plain(); }
  void call(run& of) const { body_->call(of); }
  boost::asio::awaitable<void> start(run& of) const { return body_->start(of); }

  /// What `bind` added: a JSON array; empty without it.
  const shared_text& bound_arguments() const noexcept { return arguments_; }

  /// Why a JSON array of arguments does not fit the body: argument, member and expected type; none if it
  /// fits.
  std::optional<std::string> fault_of(std::string_view arguments) const { return body_->fault_of(arguments); }

 private:
  boost::intrusive_ptr<const task_body> body_;
  shared_text arguments_;
};

/// Gives a body its arguments, which are converted to the types of its parameters and kept as JSON, so that
/// they can be stored.
///
/// Their number, and that each converts, is checked by the compiler.
template <typename Body, typename... Args>
auto bind(Body&& body, Args&&... args) {
  using stored = std::decay_t<Body>;
  using wanted = typename detail::signature<stored>::type;
  static_assert(!std::same_as<wanted, detail::unknown>,
                "bind needs a body with one, known signature: a function, or a lambda without auto");
  static_assert(std::tuple_size_v<wanted> == sizeof...(Args),
                "bind: give one argument for each parameter after run&");
  static_assert(std::constructible_from<wanted, Args&&...> || sizeof...(Args) == 0,
                "bind: an argument does not convert to its parameter");
  const wanted values{std::forward<Args>(args)...};
  auto arguments = std::apply([](const auto&... each) { return detail::encode_arguments(each...); }, values);
  return bound_body<stored>{std::forward<Body>(body), std::move(arguments)};
}

}  // namespace carillon
