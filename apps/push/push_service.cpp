#include "push/push_service.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <carillon/error.hpp>
#include <carillon/executor/command_executor.hpp>
#include <carillon/redis/client.hpp>
#include <carillon/time/duration.hpp>
#include <carillon/time/system_clock.hpp>
#include <carillon/time/timestamp.hpp>
#include <exception>
#include <stdexcept>
#include <utility>

#include "push/admission.hpp"
#include "push/complaints.hpp"
#include "push/due_minutes.hpp"
#include "push/key_types.hpp"
#include "push/look.hpp"
#include "push/outbox.hpp"
#include "push/reservations.hpp"
#include "push/scheduler_clock.hpp"

namespace carillon::pushes {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::seconds between_reports{15};
constexpr std::string_view command_executor_is = "command";
// After an outage: until everybody has marked what they delivered meanwhile.
constexpr std::chrono::seconds time_to_mark{2};

service_options with_defaults(service_options how) {
  check(how.what);
  if (!how.what.time_zone) how.what.time_zone = zone::system();
  if (how.what.rich.empty()) how.what.rich = how.what.subscriptions + ":rich";
  if (!how.clock) how.clock = system_clock::shared();
  if (!how.logger) how.logger = spdlog::default_logger();
  how.store.clock = how.clock;
  return how;
}

scheduler_options scheduling(const service_options& how) {
  scheduler_options options;
  options.instance = how.instance;
  options.time_zone = how.what.time_zone;
  options.clock = how.clock;
  options.logger = how.logger;
  options.drain = how.drain;
  return options;
}

job_options look_options() {
  job_options options;
  options.on_lost = lost_action::rerun;
  options.coalesce = coalesce_policy::latest;
  options.misfire_grace.reset();
  return options;
}

std::string report_of(const push_figures& now, const push_figures& before, milliseconds worst_lateness) {
  auto line = fmt::format("push: {} due, {} sent", now.due - before.due, now.sent - before.sent);
  if (worst_lateness > milliseconds{0})
    line += fmt::format(" (at most {} late)", format_duration(worst_lateness));
  const auto add = [&](std::uint64_t count, std::string_view what) {
    if (count > 0) line += fmt::format(", {} {}", count, what);
  };
  add(now.already_sent - before.already_sent, "already sent");
  add(now.failed - before.failed, "failed attempts");
  add(now.dead - before.dead, "dead");
  add(now.repeats - before.repeats, "possible repeats");
  add(now.given_back - before.given_back, "given back");
  add(now.due - now.sent - now.dead - now.given_back, "under way");
  return line;
}

}  // namespace

struct push_service::parts {
  using timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                           asio::wait_traits<std::chrono::steady_clock>, loop_executor>;

  parts(asio::io_context& io, redis::link& link, std::shared_ptr<delivery> by, service_options given)
      : how{with_defaults(std::move(given))},
        where{io.get_executor()},
        way{std::move(by)},
        jobs{io, std::make_shared<redis::job_store>(link, how.store), scheduling(how)},
        time{jobs, how.clock},
        client{link, where, "push"},
        state{client, link.options().name_space, how.what},
        keys{state.keys()},
        door{client, keys, state.next_token(), how.what, link.address(), how.logger},
        kinds{client, keys, how.what, how.logger},
        wrong{how.logger, how.what.subscriptions, how.what.rich},
        out{{where, state, *way, time, figures, how.logger}, how.what},
        eye{{state, out, wrong, time, figures, where, how.logger}, how.what},
        report_timer{where} {
    for (std::uint32_t slice = 0; slice <= how.what.slices; ++slice) add_look(slice);
    after_outage = jobs.on(event::store_back | event::lease_lost, [this](const event&) {
      asio::post(where, [this] { eye.hold_until(time.now() + time_to_mark); });
    });
  }

  std::string look_id(std::uint32_t slice) const {
    return keys.job(slice == how.what.slices ? fmt::format("look/rest-of-{}", how.what.slices)
                                             : fmt::format("look/{}-of-{}", slice, how.what.slices));
  }

  void add_job(const std::string& id, trigger when, const job_options& options) {
    job_definition job{id, std::move(when), {}, {}, intern(options), {}, {}};
    declared.push_back(std::move(job));
  }

  void add_look(std::uint32_t slice) {
    auto body = [this, slice](carillon::run&) -> asio::awaitable<void> {
      auto looking = look_at(slice);
      co_await asio::co_spawn(where, std::move(looking), asio::deferred);
    };
    jobs.task(look_id(slice), std::move(body));
    add_job(look_id(slice), trigger{"cron * * * * *"}, look_options());
  }

  // A key that holds what it must not fails all looks, each minute: that is told once.
  loop_awaitable<void> look_at(std::uint32_t slice) {
    std::exception_ptr failure;
    bool is_refused = false;
    try {
      co_await eye.run(slice);
    } catch (const boost::system::system_error& fault) {
      is_refused = fault.code() == errc::store_refused;
      failure = std::current_exception();
    }
    if (!failure) co_return;
    bool is_told = false;
    if (is_refused) is_told = co_await kinds.tell();
    if (!is_told) std::rethrow_exception(failure);
  }

  void add_fixed_name(const std::string& work) { fixed_work += (fixed_work.empty() ? "" : "; ") + work; }

  // What must be the same in all instances.
  service_definition definition() const {
    auto all = definition_of(how.what);
    add_fixed_work(all, fixed_times, fixed_work);
    return all;
  }

  // Brings the jobs into the store, and takes those away that another number of slices or other fixed times
  // have left there. Who starts does not wait for the next minute: there may be much that came due while
  // nobody ran.
  loop_awaitable<void> bring_in_jobs() {
    const auto origin = keys.job("");
    co_await jobs.declare(origin, declared, undeclared::remove_ours);
    for (std::uint32_t slice = 0; slice <= how.what.slices; ++slice) co_await jobs.run_now(look_id(slice));
    const auto done = co_await jobs.declare(origin, declared, undeclared::remove_all);
    if (done.removed > 0) how.logger->info("push: {} jobs of earlier options are removed", done.removed);
  }

  // One of its keys may hold what it must not: the server's words do not say which.
  loop_awaitable<std::optional<service_instances::answer>> enter() {
    std::exception_ptr refused;
    try {
      auto found = co_await door.enter(definition());
      co_return found;
    } catch (const boost::system::system_error& failure) {
      refused = std::current_exception();
      if (failure.code() != errc::store_refused) throw;
    }
    co_await kinds.tell();
    std::rethrow_exception(refused);
  }

  // What came due while nobody ran, longer ago than the grace, is not sent: how many of the set, of a day at
  // most.
  loop_awaitable<void> tell_what_is_too_late(service_instances::answer found) {
    const auto to = found.now - how.what.grace;
    auto from = found.alive + how.what.lookahead;
    if (found.others > 0 || found.alive == instant{} || from >= to) co_return;
    from = std::max(from, to - std::chrono::hours{24});
    std::uint64_t count = 0;
    try {
      for (const auto& each : due_minutes(*how.what.time_zone, from, to)) {
        if (over) co_return;
        const auto ranks = co_await state.ranks_of(score_of(each.time_of_day));
        count += ranks.count;
      }
    } catch (const boost::system::system_error& failure) {
      how.logger->debug("push: what is too late is not counted: {}", failure.what());  // The looks say why.
    }
    if (count == 0) co_return;
    how.logger->warn(
        "push: nobody ran this service from {} to {}: {} pushes of {} came due longer ago than the grace "
        "({}) "
        "and are not sent, if no other program has",
        format_instant(found.alive, *how.what.time_zone), format_instant(found.now, *how.what.time_zone),
        count, how.what.subscriptions, format_duration(how.what.grace));
  }

  // Does that beside the scheduler, which must run for it.
  loop_awaitable<void> begin() {
    for (bool is_away = true; is_away && !over;) {
      is_away = false;
      try {
        co_await bring_in_jobs();
      } catch (const boost::system::system_error& failure) {
        if (over || failure.code() == errc::stopped) co_return;
        is_away = failure.code() == errc::store_unreachable;
        if (!is_away) failed = std::current_exception();
      } catch (...) {
        failed = std::current_exception();
      }
      if (!is_away) break;
      timer pause{where, time_to_mark};
      co_await pause.async_wait(asio::as_tuple(asio::deferred));
    }
    if (failed) jobs.shutdown(shutdown_options{}, [](const std::exception_ptr&) {});
  }

  void stop() {
    eye.stop();
    door.stop_entering();  // The lease is kept for as long as something is under way.
    jobs.shutdown(shutdown_options{}, [](const std::exception_ptr&) {});
  }

  // Starts what runs beside the scheduler, and is waited for at the end.
  void start(loop_awaitable<void> what) {
    ++beside;
    asio::co_spawn(where, std::move(what), [this](const std::exception_ptr&) { --beside; });
  }

  // A line a while, as long as there is something to tell.
  loop_awaitable<void> report() {
    push_figures before;
    while (!over) {
      report_timer.expires_after(between_reports);
      co_await report_timer.async_wait(asio::as_tuple(asio::deferred));
      const bool nothing_new =
          figures.due == before.due && figures.sent == before.sent && figures.failed == before.failed;
      if (nothing_new) continue;
      const auto worst = std::exchange(figures.lateness.worst_lately, milliseconds{0});
      how.logger->info(report_of(figures, before, worst));
      before = figures;
    }
  }

  loop_awaitable<void> close() {
    over = true;
    report_timer.cancel();
    co_await out.close();
    co_await way->close();
    door.stop();
    co_await door.leave();
    co_await client.close();
  }

  loop_awaitable<push_figures> counted() { co_return figures; }

  service_options how;
  loop_executor where;
  std::shared_ptr<delivery> way;
  carillon::scheduler jobs;
  scheduler_clock time;
  redis::client client;
  reservations state;
  service_keys keys;
  admission door;
  key_types kinds;
  push_figures figures;
  complaints wrong;
  outbox out;
  look eye;
  std::vector<job_definition> declared;
  std::vector<std::string> fixed_times;
  std::string fixed_work;
  std::exception_ptr failed;
  int beside = 0;
  subscription after_outage;
  bool over = false;
  bool has_commands = false;
  timer report_timer;
};

push_service::push_service(asio::io_context& io, redis::link& link, std::shared_ptr<delivery> way,
                           service_options how)
    : parts_{std::make_unique<parts>(io, link, std::move(way), std::move(how))} {}

push_service::~push_service() = default;

carillon::scheduler& push_service::scheduler() noexcept { return parts_->jobs; }

namespace {

job_options fixed_options(const service_options& how, const retry_policy& again) {
  job_options options;
  options.misfire_grace = how.what.grace;
  options.retry = again;
  if (again.attempts > 1) options.on_lost = lost_action::rerun;
  return options;
}

trigger every_day_at(const std::string& time) {
  if (time.size() != 5 || time[2] != ':' || time.find_first_not_of("0123456789:") != std::string::npos)
    throw std::invalid_argument(fmt::format("fixed_times: '{}' is no time of day, as 08:00", time));
  return trigger{"every day at " + time};
}

}  // namespace

void push_service::at_fixed_times(const std::vector<std::string>& times,
                                  std::function<asio::awaitable<void>(carillon::run&)> work,
                                  const retry_policy& again, const std::string& named) {
  auto& all = *parts_;
  for (const auto& time : times) {
    const auto id = all.keys.job("fixed/" + time);
    all.add_job(id, every_day_at(time), fixed_options(all.how, again));
    all.jobs.task(id, work);
    all.fixed_times.push_back(time);
  }
  all.add_fixed_name(named);
}

void push_service::at_fixed_times(const std::vector<std::string>& times, const command_line& command) {
  auto& all = *parts_;
  if (!std::exchange(all.has_commands, true))
    all.jobs.executor(std::string{command_executor_is}, std::make_shared<command_executor>());
  auto options = fixed_options(all.how, retry_policy{});
  options.executor = command_executor_is;
  const auto arguments = command_arguments(command);
  for (const auto& time : times) {
    all.add_job(all.keys.job("fixed/" + time), every_day_at(time), options);
    all.declared.back().task = std::string{command_executor_is};
    all.declared.back().arguments = arguments;
    all.fixed_times.push_back(time);
  }
  all.add_fixed_name(fixed_work_of(command));
}

std::string push_service::job_prefix() const { return parts_->keys.job(""); }

asio::awaitable<void> push_service::run() {
  auto& all = *parts_;
  auto& log = *all.how.logger;
  log.info("push: {} to {}, {} early to {} late, in {}; jobs {}*", all.how.what.subscriptions,
           all.way->describe(), format_duration(all.how.what.lookahead), format_duration(all.how.what.grace),
           all.how.what.time_zone->name(), job_prefix());
  std::exception_ptr failure;
  try {
    auto entering = all.enter();
    const auto found = co_await asio::co_spawn(all.where, std::move(entering), asio::deferred);
    if (found) {
      all.eye.look_behind(found->reach, found->reach_grace);
      const auto stop_all = [&all] { all.stop(); };
      all.start(all.door.keep(stop_all));
      all.start(all.report());
      all.start(all.tell_what_is_too_late(*found));
      all.start(all.begin());
      co_await all.jobs.run();
    }
  } catch (...) {
    failure = std::current_exception();
  }
  co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
  auto closing = all.close();
  co_await asio::co_spawn(all.where, std::move(closing), asio::deferred);
  while (all.beside > 0) co_await asio::post(all.where, asio::deferred);
  if (!failure) failure = all.failed;
  if (failure) std::rethrow_exception(failure);
  if (all.door.lost()) throw std::runtime_error("push: " + *all.door.lost());
  log.info("push: stopped");
}

void push_service::stop() {
  asio::post(parts_->where, [all = parts_.get()] { all->stop(); });
}

asio::awaitable<push_figures> push_service::figures() {
  auto counting = parts_->counted();
  co_return co_await asio::co_spawn(parts_->where, std::move(counting), asio::deferred);
}

}  // namespace carillon::pushes
