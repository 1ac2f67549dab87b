#pragma once
#include <algorithm>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/store/job_backend.hpp>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "store/attempt.hpp"
#include "store/lease.hpp"

namespace carillon {

/// What every kind of step needs of the store that sends it.
class step_sender {
 public:
  virtual job_backend& backend() noexcept = 0;
  virtual const loop_executor& strand() const noexcept = 0;
  virtual void begin(loop_awaitable<void> sending) = 0;
  /// The lease under which steps are sent; null: there is none.
  virtual const std::shared_ptr<lease>& current_lease() const noexcept = 0;
  /// After a call that failed for the `times`-th time in a row: waits until it is to be sent again. Throws
  /// `errc::stopped` when the store is being closed.
  virtual loop_awaitable<void> before_again(std::uint32_t times) = 0;
  /// For how long what needs no lease is repeated.
  virtual std::chrono::nanoseconds patience() const noexcept = 0;
  /// Another store answers. Returns when it has been opened.
  virtual loop_awaitable<void> meet_other_store(std::uint64_t generation) = 0;
  virtual std::uint64_t generation() const noexcept = 0;
  virtual std::chrono::nanoseconds elapsed() const noexcept = 0;

 protected:
  ~step_sender() = default;
};

/// For how long a step is sent again.
enum class repeats : std::uint8_t {
  under_lease,   ///< While the lease under which it was asked for is good; without one it is not sent at all.
  with_a_lease,  ///< While there is a good lease. It is sent once in any case.
  patiently,     ///< For `step_sender::patience`.
};

struct claim_kind {
  using step = claim_step;
  using answer = claim_answer;
  static constexpr auto lasts = repeats::under_lease;
  static auto send(job_backend& to, std::uint32_t partition, std::string_view member,
                   std::span<const step> steps) {
    return to.claim(partition, member, steps);
  }
};

struct take_kind {
  using step = take_step;
  using answer = take_answer;
  static constexpr auto lasts = repeats::under_lease;
  static auto send(job_backend& to, std::uint32_t partition, std::string_view member,
                   std::span<const step> steps) {
    return to.take(partition, member, steps);
  }
};

/// Is guarded by its fence, so that it needs no lease; but a member that is gone has its runs reaped.
struct finish_kind {
  using step = finish_step;
  using answer = finish_answer;
  static constexpr auto lasts = repeats::with_a_lease;
  static auto send(job_backend& to, std::uint32_t partition, std::string_view, std::span<const step> steps) {
    return to.finish(partition, steps);
  }
};

struct add_kind {
  using step = add_step;
  using answer = put_answer;
  static constexpr auto lasts = repeats::patiently;
  static auto send(job_backend& to, std::uint32_t partition, std::string_view, std::span<const step> steps) {
    return to.add(partition, steps);
  }
};

struct load_kind {
  using step = std::string;
  using answer = std::optional<job_record>;
  static constexpr auto lasts = repeats::patiently;
  static auto send(job_backend& to, std::uint32_t partition, std::string_view, std::span<const step> ids) {
    return to.load(partition, ids);
  }
};

inline constexpr std::size_t most_steps = 100;

/// Steps of one kind on their way to the store: those of one partition that are asked for while a call is
/// under way, or in one turn of the event loop, go together.
///
/// Thread safety: none; the sender's strand. Lifetime: outlives what is asked.
template <typename Kind>
class step_batches {
 public:
  using step = typename Kind::step;
  using answer = typename Kind::answer;

  explicit step_batches(step_sender& sender) : sender_{sender} {}

  /// Repeats the step until it is answered, or throws what says that it is not.
  loop_awaitable<answer> ask(std::uint32_t partition, step what) {
    waiting mine;
    mine.what = std::move(what);
    mine.first_asked = sender_.elapsed();
    if constexpr (Kind::lasts == repeats::under_lease) mine.under = sender_.current_lease();
    put(partition, mine);
    co_await mine.wait(boost::asio::deferred);
    if (mine.failure) std::rethrow_exception(mine.failure);
    co_return std::move(*mine.got);
  }

  /// Lets go of all who wait, without an answer.
  void drop() {
    const auto all = queues_;
    for (const auto& each : all) {
      if (each) each->drop();
    }
  }

  /// How many wait or are under way.
  std::size_t size() const noexcept { return size_; }

 private:
  struct waiting {
    step what{};
    std::shared_ptr<lease> under;
    std::chrono::nanoseconds first_asked{0};
    bool was_sent = false;  ///< Without an answer.
    std::optional<answer> got;
    std::exception_ptr failure;
    boost::asio::any_completion_handler<void()> resume;

    template <typename Token>
    auto wait(Token&& token) {
      return boost::asio::async_initiate<Token, void()>(
          [this](auto handler) { resume = boost::asio::any_completion_handler<void()>(std::move(handler)); },
          token);
    }
  };
  struct queue {
    std::deque<waiting*> steps;
    std::vector<waiting*> batch;  ///< Under way.
    bool sending = false;

    /// Lets go of those who wait: they are kept by what would resume them.
    void drop() {
      std::vector<boost::asio::any_completion_handler<void()>> gone;
      for (auto* each : steps) gone.push_back(std::move(each->resume));
      for (auto* each : batch) gone.push_back(std::move(each->resume));
      steps.clear();
      batch.clear();
    }
  };
  /// Whoever sends what is in a queue is alone with it; ends otherwise than by returning only with the event
  /// loop.
  struct sending {
    explicit sending(std::shared_ptr<queue> from_) : from{std::move(from_)} {}
    ~sending() { from->drop(); }
    sending(const sending&) = delete;
    sending& operator=(const sending&) = delete;
    std::shared_ptr<queue> from;
  };

  void put(std::uint32_t partition, waiting& what) {
    if (queues_.size() <= partition) queues_.resize(partition + 1);
    auto& into = queues_[partition];
    if (!into) into = std::make_shared<queue>();
    into->steps.push_back(&what);
    ++size_;
    if (std::exchange(into->sending, true)) return;
    sender_.begin(send_all(partition, into));
  }

  loop_awaitable<void> send_all(std::uint32_t partition, std::shared_ptr<queue> all) {
    const sending alone(all);
    auto& from = *all;
    co_await boost::asio::post(sender_.strand(),
                               boost::asio::deferred);  // What this turn of the loop asks for.
    while (!from.steps.empty()) {
      collect(from, from.batch);
      if (!from.batch.empty()) co_await send(partition, from.batch);
    }
    from.sending = false;
  }

  /// Takes out what goes together; what may not go any more is told so.
  void collect(queue& from, std::vector<waiting*>& batch) {
    batch.clear();
    while (!from.steps.empty() && batch.size() < most_steps) {
      auto* const next = from.steps.front();
      from.steps.pop_front();
      if (may_go(*next)) {
        batch.push_back(next);
      } else {
        fail(*next, lost());
      }
    }
  }

  loop_awaitable<void> send(std::uint32_t partition, std::vector<waiting*>& batch) {
    std::vector<step> steps;
    std::optional<std::chrono::nanoseconds> first_other;  // Of those in a row that have found another store.
    for (std::uint32_t times = 1; !batch.empty(); ++times) {
      steps.clear();
      for (auto* each : batch) steps.push_back(each->what);
      const auto under = sender_.current_lease();
      const auto generation = sender_.generation();
      auto call =
          Kind::send(sender_.backend(), partition, under ? under->member() : std::string_view(), steps);
      auto got = co_await attempted(std::move(call));
      if (got.answer) co_return deliver(batch, std::move(*got.answer));
      const bool other = got.failed_with(errc::other_store);
      if (!other && !got.failed_with(errc::store_unreachable)) co_return fail_all(batch, got.failure);
      if (!other) first_other.reset();
      if (other && !first_other) first_other = sender_.elapsed();
      if (other && sender_.elapsed() - *first_other >= sender_.patience())
        co_return fail_all(batch, got.failure);
      for (auto* each : batch) each->was_sent = !other;
      auto pause = done(other ? sender_.meet_other_store(generation) : sender_.before_again(times));
      const auto again = co_await attempted(std::move(pause));
      if (!again.answer) co_return fail_all(batch, again.failure);
      drop_given_up(batch, got.failure);
    }
  }

  /// Whether it may be sent at all.
  bool may_go(const waiting& what) const {
    if constexpr (Kind::lasts != repeats::under_lease) return true;
    return what.under && what.under->good() && what.under == sender_.current_lease();
  }

  void drop_given_up(std::vector<waiting*>& batch, const std::exception_ptr& why) {
    const auto given_up = [&](waiting* each) {
      if constexpr (Kind::lasts == repeats::patiently) {
        if (sender_.elapsed() - each->first_asked < sender_.patience()) return false;
        fail(*each, why);
      } else {
        const auto& lease = sender_.current_lease();
        if (may_go(*each) && lease && lease->good()) return false;
        fail(*each, lost());
      }
      return true;
    };
    std::erase_if(batch, given_up);
  }
  static std::exception_ptr lost() {
    return std::make_exception_ptr(boost::system::system_error(errc::lease_lost));
  }

  template <typename Each>
  static std::exception_ptr refusal_in(const Each& said) {
    if constexpr (std::is_base_of_v<step_answer<answer>, Each>) {
      if (!said.refused.empty())
        return std::make_exception_ptr(boost::system::system_error(errc::store_refused, said.refused));
    }
    return nullptr;
  }

  template <typename Each>
  void deliver(std::vector<waiting*>& batch, std::vector<Each>&& answers) {
    if (answers.size() != batch.size()) {
      return fail_all(batch, std::make_exception_ptr(
                                 std::logic_error("a backend answered " + std::to_string(answers.size()) +
                                                  " of " + std::to_string(batch.size()) + " steps")));
    }
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (const auto refusal = refusal_in(answers[i])) {
        fail(*batch[i], refusal);
        continue;
      }
      if constexpr (std::is_same_v<answer, finish_answer>) answers[i].was_sent_before = batch[i]->was_sent;
      batch[i]->got.emplace(std::move(answers[i]));
      resume(*batch[i]);
    }
    batch.clear();
  }
  void fail_all(std::vector<waiting*>& batch, const std::exception_ptr& why) {
    for (auto* each : batch) fail(*each, why);
    batch.clear();
  }
  void fail(waiting& what, std::exception_ptr why) {
    what.failure = std::move(why);
    resume(what);
  }
  void resume(waiting& what) {
    --size_;
    boost::asio::post(sender_.strand(), std::exchange(what.resume, nullptr));
  }

  step_sender& sender_;
  std::vector<std::shared_ptr<queue>> queues_;  // By partition.
  std::size_t size_ = 0;
};

}  // namespace carillon
