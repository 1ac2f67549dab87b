#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <carillon/job/arguments.hpp>
#include <carillon/job/detail/body_of.hpp>
#include <carillon/job/run.hpp>
#include <carillon/job/shared_text.hpp>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace carillon {

/// A body with its arguments, as JSON: what `bind` makes.
template <typename Body>
struct bound_body {
  Body body;
  std::string arguments;
};

/// The code of jobs: a function, lambda or functor, `awaitable<void>(run&, Args…)`, `void(run&, Args…)`, or
/// either without `run&`; in the place of `void` any type that Boost.JSON converts, whose value is the result
/// of the run (`scheduler::result`).
///
/// Args are types that Boost.JSON converts (numbers, texts, lists, maps, tuples, optionals, structs and enums
/// described with Boost.Describe, types with a `tag_invoke` of their own), by value or by reference to const;
/// each run decodes them from the job's arguments. A lambda that is a coroutine may capture: it lives as long
/// as the task does. Copies share one body.
///
/// Thread safety: distinct objects, safe; the body is called where its executor says.
class task {
 public:
  template <typename Body>
    requires(!std::same_as<std::remove_cvref_t<Body>, task>)
  explicit task(Body&& body) : body_{new detail::body_of<std::decay_t<Body>>(std::forward<Body>(body))} {}
  template <typename Body>
  explicit task(bound_body<Body> bound)
      : body_{new detail::bound_body_of<Body>(std::move(bound.body), bound.arguments)} {}

  /// Whether it is called in the loop, as against started as a coroutine.
  bool plain() const noexcept { return body_->plain(); }
  /// Calls a plain body. Throws what it throws, and a permanent `failure` named "arguments" if those do not
  /// fit.
  /// @pre `plain()`
  void call(run& of) const { body_->call(of); }
  /// Starts any body; a plain one is called when this is awaited. Errors: as `call`, thrown here or where it
  /// is awaited.
  /// Lifetime: this and the run's context until the coroutine has ended.
  boost::asio::awaitable<void> start(run& of) const { return body_->start(of); }

  /// What `bind` added: a JSON array; empty without it.
  shared_text bound_arguments() const { return body_->bound_arguments(); }

  /// Why a JSON array of arguments does not fit the body: argument, member and expected type; none if it
  /// fits.
  std::optional<std::string> fault_of(std::string_view arguments) const { return body_->fault_of(arguments); }

 private:
  boost::intrusive_ptr<const detail::task_body> body_;
};

/// Gives a body its arguments, which are converted to the types of its parameters and kept as JSON, so that
/// they can be stored.
///
/// Their number, and that each converts, is checked by the compiler.
/// Errors: throws `argument_error` for a number that would not be the same in its parameter's type: -1 for an
/// unsigned one, 2.5 for a whole one.
template <typename Body, typename... Args>
auto bind(Body&& body, Args&&... args) {
  using stored = std::decay_t<Body>;
  using signature = detail::signature<stored>;
  using wanted = typename signature::parameters::values;
  static_assert(signature::known,
                "bind needs a body with one, known signature: a function, or a lambda without auto");
  static_assert(std::tuple_size_v<wanted> == sizeof...(Args),
                "bind: give one argument for each parameter after run&");
  auto arguments = [&]<std::size_t... I>(std::index_sequence<I...>) {
    static_assert((std::convertible_to<Args&&, std::tuple_element_t<I, wanted>> && ...),
                  "bind: an argument does not convert to its parameter");
    return detail::encode_arguments(
        detail::converted<std::tuple_element_t<I, wanted>>(std::forward<Args>(args), I)...);
  }(std::index_sequence_for<Args...>{});
  return bound_body<stored>{std::forward<Body>(body), std::move(arguments)};
}

}  // namespace carillon
