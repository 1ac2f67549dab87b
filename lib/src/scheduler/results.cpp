// What runs leave behind: results, ends that somebody waits for, data that a job carries.

#include <fmt/format.h>
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/text/plain_text.hpp>
#include <stdexcept>

#include "job/json_text.hpp"
#include "scheduler/engine_parts.hpp"
#include "scheduler/store_failure.hpp"

namespace carillon {

namespace {

// Ends are told; but what is told may be lost on its way.
constexpr milliseconds between_questions{5'000};

run_result result_of(awaited_end&& end) {
  run_result ended;
  ended.result = std::move(end.entry.result);
  ended.run = std::move(end.entry.run);
  ended.instance = std::move(end.entry.instance);
  ended.attempt = end.entry.attempt;
  ended.started = end.entry.started;
  ended.finished = end.entry.finished;
  ended.value = std::move(end.value);
  return ended;
}

/// Of a run of which the store knows nothing any more.
run_result unknown_end() {
  run_result ended;
  ended.result.kind = outcome_kind::lost;
  ended.result.message = "the store knows nothing of this run any more";
  return ended;
}

}  // namespace

boost::json::value run_result::json() const {
  if (value.empty()) {
    throw std::runtime_error(fmt::format("the run left no value: it {}{}{}", name(result.kind),
                                         result.message.empty() ? "" : ": ", result.message));
  }
  auto read = json_in(value);
  if (!read) throw std::runtime_error("the value of the run is no JSON");
  return *std::move(read);
}

/// Somebody who waits for the end of a run, for as long as it lives.
struct engine::waiting_place {
  waiting_place(engine& owner_, std::string_view id_)
      : owner{owner_}, id{id_}, bell{owner_.clock_, owner_.strand_} {
    owner.waiting_for_ends_.push_back(this);
  }
  ~waiting_place() { owner.waiting_for_ends_.remove(this); }
  waiting_place(const waiting_place&) = delete;
  waiting_place& operator=(const waiting_place&) = delete;

  engine& owner;
  std::string_view id;
  wall_timer bell;
  bool heard = false;  ///< Something, since it was looked at last.
};

/// Has those look again who wait for runs of a job; of any, if `id` is empty.
void engine::wake_waiting_for(std::string_view id) {
  for (auto* place : waiting_for_ends_) {
    if (!id.empty() && place->id != id) continue;
    place->heard = true;
    place->bell.wake();
  }
}

loop_awaitable<std::optional<run_result>> engine::run_and_wait(std::string id, std::optional<instant> time,
                                                               and_wait how) {
  if (how.within && *how.within < milliseconds{0})
    throw std::invalid_argument(
        fmt::format("and_wait.within: {} ms: it must not be negative", how.within->count()));
  const auto now = clock_.now();
  extra_run run;
  run.id = id;
  run.occurrence = time.value_or(now);
  run.at = now;
  run.awaited = true;
  const auto token = run_ids_.next();
  run.token.assign(token.data(), token.size());
  const auto number = co_await put_down(run);
  if (number == 0) throw boost::system::system_error(errc::no_such_job, job_in_words(id));
  tell_requested(run);
  const auto until = how.within ? now + *how.within : instant::max();
  if (!options_.operate_only) look_again(id);
  auto ended = co_await wait_for_end(std::move(id), number, until);
  co_return std::move(ended);
}

loop_awaitable<std::optional<run_result>> engine::wait_for_end(std::string id, std::uint64_t number,
                                                               instant until) {
  waiting_place place{*this, id};
  for (;;) {
    place.heard = false;
    const auto now = clock_.now();
    const bool last_look = runs_over_;
    std::exception_ptr failure;
    awaited_end found;
    try {
      found = co_await store_->end_of(id, number);
    } catch (...) {
      failure = std::current_exception();
    }
    // A store that does not answer may do so later: whoever cannot wait has said so.
    if (failure && store_failure(failure) != errc::store_unreachable) std::rethrow_exception(failure);
    if (!failure && found.what == awaited_end::kind::ended) co_return result_of(std::move(found));
    if (!failure && found.what == awaited_end::kind::unknown) co_return unknown_end();
    if (last_look) throw boost::system::system_error(errc::stopped);
    if (now >= until) co_return std::nullopt;
    if (place.heard || runs_over_) continue;
    place.bell.set(std::min(until, now + between_questions));
    co_await place.bell.async_wait(boost::asio::as_tuple(boost::asio::deferred));
  }
}

loop_awaitable<std::optional<boost::json::value>> engine::result(std::string id, std::string run_id) {
  const auto text = co_await store_->result(std::move(id), std::move(run_id), clock_.now());
  if (!text) co_return std::nullopt;
  co_return json_in(*text);
}

loop_awaitable<void> engine::set_carried(std::string id, boost::json::value data) {
  if (is_too_deep(data))
    throw std::invalid_argument(fmt::format("job '{}': what it is to carry is {}", id, too_deep));
  const auto text = data.is_null() ? std::string() : text::in_utf8(boost::json::serialize(data));
  if (text.size() > longest_value) {
    throw std::invalid_argument(
        fmt::format("job '{}': what it is to carry has {} bytes as JSON, and {} are the most", id,
                    text.size(), longest_value));
  }
  for (;;) {
    const auto job = co_await require(id);
    if (!job.record.definition->options->carries) {
      throw std::invalid_argument(
          fmt::format("job '{}' carries no data from run to run: its options must say `carries`", id));
    }
    job_change what;
    what.carried = text;
    const bool done = co_await change(job.record, std::move(what));
    if (done) break;
  }
  tell_job(event_kind::job_changed, id, "what it carries was set");
}

}  // namespace carillon
