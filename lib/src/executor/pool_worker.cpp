#include "executor/pool_worker.hpp"

#include <carillon/job/outcome.hpp>
#include <carillon/job/run.hpp>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/json/serialize.hpp>

#include <exception>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "executor/child_judgement.hpp"
#include "executor/child_launch.hpp"

namespace carillon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t longest_line = 8192;
constexpr std::size_t cost_of_a_line = 64;  // beside its bytes, so that empty ones count, too
constexpr milliseconds rest_after_too_much{5};
constexpr milliseconds time_to_end{500};  // of a process whose socket has ended

run_order order_of(const run& run) {
  run_order order;
  order.job = run.job_id();
  order.task = run.task_name();
  order.id = run.id();
  order.instance = run.instance();
  order.zone = run.where().name();
  order.arguments = run.arguments();
  order.scheduled_for = run.scheduled_for();
  order.due = run.due();
  order.attempt = run.attempt();
  order.fence = run.fence();
  order.deadline = run.deadline();
  if (run.carries()) {
    const auto carried = run.carried_json();
    order.carried = carried ? boost::json::serialize(*carried) : std::string();
  }
  if (run.follows()) order.follows = std::make_shared<const followed_run>(*run.follows());
  order.log_level = run.log().least_level();
  return order;
}

}  // namespace

std::string pool_worker::order_for(const run& which) {
  try {
    return encode(order_of(which));
  } catch (const std::length_error& why) {
    throw failure("arguments", why.what(), true);
  }
}

pool_worker::pool_worker(const asio::any_io_executor& where, const process_executor_options& options,
                         change_listener on_change)
    : where_(where),
      options_(options),
      on_change_(std::move(on_change)),
      socket_(where),
      patience_(where),
      rest_(where),
      output_(new_output()) {}

pool_worker::~pool_worker() { kill(); }

/// What was printed before a run says nothing about it.
command_output pool_worker::new_output() {
  return {options_.tail_bytes, longest_line, [this](std::string_view line) { log_line(line); }};
}

void pool_worker::start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw failure("start", "cannot make a socket: " + std::generic_category().message(errno));
  socket_.assign(asio::local::stream_protocol(), ends[0]);
  const open_file made{ends[1]};
  const open_file theirs{::fcntl(made.number(), F_DUPFD_CLOEXEC, 3)};  // the child has its own first three
  if (theirs.number() < 0)
    throw failure("start", "cannot make a socket: " + std::generic_category().message(errno));
  command_line command;
  command.argv = {program_invocation_name, "carillon-worker"};  // for people who look at processes
  command.kill_after = options_.kill_after;
  child_means means;
  means.program = options_.program.empty() ? "/proc/self/exe" : options_.program;
  means.kept_open = theirs.number();
  child_ = child_process::start(
      where_, command, {{worker_variable, fmt::format("{}", theirs.number())}},
      [this](std::string_view bytes) { output_.add(bytes); }, means);
  number_ = child_->number();
  child_->async_wait([self = shared_from_this()](child_end end) { self->ended(end); });
  worker_setup setup;
  setup.memory = options_.memory.value_or(0);
  setup.cpu_time = options_.cpu_time.value_or(milliseconds{0});
  setup.stop_after = options_.stop_after;
  write(encode(setup));
  read();
  signal_after(options_.start_within);
}

void pool_worker::begin(run& which, std::string order, end_handler handler) {
  run_ = &which;
  on_end_ = std::move(handler);
  output_ = new_output();
  logged_ = 0;
  over_budget_ = false;
  auto slot = asio::get_associated_cancellation_slot(on_end_);
  if (slot.is_connected()) {
    slot.assign([self = std::weak_ptr<pool_worker>(shared_from_this())](asio::cancellation_type) {
      if (const auto worker = self.lock()) worker->stop();
    });
  }
  change(state::busy);
  write(std::move(order));
}

void pool_worker::stop() {
  if (run_ == nullptr || last_words_) return;
  write(encode(stop_order{run_->cancel_reason()}));
  signal_after(options_.stop_after);
}

void pool_worker::retire() {
  if (state_ == state::leaving || state_ == state::ended) return;
  const bool never_ready = state_ == state::starting;
  left_ = true;
  change(state::leaving);
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  never_ready ? child_->stop() : signal_after(options_.stop_after);
}

void pool_worker::kill() noexcept {
  if (child_) child_->kill();
}

void pool_worker::abandon() noexcept {
  kill();
  child_.reset();  // it refers to this, until its end is heard of
  run_ = nullptr;
  on_end_ = nullptr;
}

void pool_worker::signal_after(milliseconds time) {
  patience_.expires_after(time);
  patience_.async_wait([self = weak_from_this(), wait = ++waits_](error_code) {
    const auto worker = self.lock();
    if (!worker || worker->waits_ != wait || worker->state_ == state::ended) return;
    if (worker->state_ == state::starting)
      worker->trouble_ = fmt::format("was not ready within {} ms", worker->options_.start_within.count());
    worker->signalled_ = true;
    worker->child_->stop();
  });
}

void pool_worker::wait_no_longer() {
  ++waits_;
  patience_.cancel();
}

void pool_worker::change(state to) {
  state_ = to;
  on_change_(*this);
}

void pool_worker::write(std::string bytes) {
  unsent_.push_back(std::move(bytes));
  if (unsent_.size() == 1) write_next();
}

void pool_worker::write_next() {
  asio::async_write(socket_, asio::buffer(unsent_.front()),
                    [self = shared_from_this()](error_code fault, std::size_t) {
                      if (fault) return;  // that it has gone is heard elsewhere
                      self->unsent_.pop_front();
                      if (!self->unsent_.empty()) self->write_next();
                    });
}

void pool_worker::read() {
  reading_ = true;
  socket_.async_read_some(asio::buffer(buffer_),
                          [self = shared_from_this()](error_code fault, std::size_t bytes) {
                            self->reading_ = false;
                            self->socket_over_ = fault && fault != asio::error::operation_aborted;
                            self->on_bytes(bytes);
                          });
}

void pool_worker::on_bytes(std::size_t bytes) {
  messages_.add({buffer_.data(), bytes});
  const bool sound = take_messages();
  if (child_end_) return conclude();
  if (!sound) return;
  if (socket_over_) return await_end();
  if (!over_budget_) return read();
  rest_.expires_after(rest_after_too_much);
  rest_.async_wait([self = shared_from_this()](error_code) {
    if (self->state_ != state::ended && !self->child_end_) self->read();
  });
}

/// Of a process that ends its socket ends, too, and a little earlier. One that does not was cut off by its
/// body.
void pool_worker::await_end() {
  rest_.expires_after(time_to_end);
  rest_.async_wait([self = weak_from_this()](error_code) {
    const auto worker = self.lock();
    if (!worker || worker->child_end_ || worker->state_ == state::leaving) return;
    worker->broken("closed its connection");
  });
}

/// False: what came is no message.
bool pool_worker::take_messages() {
  std::string why;
  try {
    while (auto message = messages_.next()) take(std::move(*message));
    return true;
  } catch (const std::exception& fault) {
    why = fault.what();
  }
  broken("sent something that is no message: " + why);
  return false;
}

void pool_worker::take(pool_message message) {
  if (std::holds_alternative<worker_ready>(message)) {
    if (state_ != state::starting) return;
    wait_no_longer();
    change(state::idle);
  } else if (const auto* line = std::get_if<logged_line>(&message)) {
    if (within_budget(line->words.size())) log_words(line->level, line->words);
  } else if (auto* end = std::get_if<run_end>(&message)) {
    if (state_ == state::busy && !last_words_) take_end(std::move(*end));
  }
}

/// What the body has printed comes by another way: it is read before the run ends.
void pool_worker::take_end(run_end end) {
  wait_no_longer();
  last_words_ = std::move(end);
  child_->flush([self = shared_from_this()] {
    if (!self->last_words_) return;  // the worker has ended meanwhile, and the run with it
    self->output_.end();
    auto last_words = *std::exchange(self->last_words_, std::nullopt);
    self->complete(std::move(last_words));
  });
}

void pool_worker::complete(run_end end) {
  ++runs_;
  const bool may_go_on = options_.runs_per_worker == 0 || runs_ < options_.runs_per_worker;
  // A signal that is on its way would meet the next run.
  const bool used_up = end.spent || signalled_ || !may_go_on;
  run_ = nullptr;
  const auto slot = asio::get_associated_cancellation_slot(on_end_);
  if (slot.is_connected()) asio::cancellation_slot{slot}.clear();
  asio::post(where_, asio::append(std::exchange(on_end_, nullptr), std::move(end)));
  if (state_ == state::busy) used_up ? retire() : change(state::idle);
}

/// It does what no worker does: memory of it was overwritten, most likely, or its files were closed.
void pool_worker::broken(const std::string& what) {
  trouble_ = what;
  kill();
}

void pool_worker::log_line(std::string_view line) {
  if (within_budget(line.size())) log_words(spdlog::level::info, line);
  if (over_budget_) child_->rest(rest_after_too_much);
}

void pool_worker::log_words(int level, std::string_view words) {
  if (run_ == nullptr) {
    logger()->log(static_cast<spdlog::level::level_enum>(level), "worker {}: {}", number_, words);
    return;
  }
  const auto log = run_->log();
  switch (level) {
    case spdlog::level::trace: return log.trace("{}", words);
    case spdlog::level::debug: return log.debug("{}", words);
    case spdlog::level::warn: return log.warn("{}", words);
    case spdlog::level::err: return log.error("{}", words);
    case spdlog::level::critical: return log.critical("{}", words);
    default: return log.info("{}", words);
  }
}

bool pool_worker::within_budget(std::size_t bytes) {
  logged_ += bytes + cost_of_a_line;
  if (logged_ <= options_.log_bytes) return true;
  if (!std::exchange(over_budget_, true)) {
    log_words(spdlog::level::warn, fmt::format("it prints and logs more than {} KiB: the rest is left out",
                                               options_.log_bytes >> 10));
  }
  return false;
}

void pool_worker::ended(child_end end) {
  child_end_ = end;
  wait_no_longer();
  rest_.cancel();
  if (!reading_) return conclude();
  error_code ignored;
  socket_.cancel(ignored);  // and go on when that has handed over what it may have read
}

/// The process is gone; what it said last is still in the socket.
void pool_worker::conclude() {
  if (state_ == state::ended) return;
  error_code fault;
  socket_.non_blocking(true, fault);
  while (!fault && !socket_over_ && trouble_.empty()) {
    const auto bytes = socket_.read_some(asio::buffer(buffer_), fault);
    if (fault) break;
    messages_.add({buffer_.data(), bytes});
    take_messages();
  }
  error_code ignored;
  socket_.close(ignored);
  output_.end();
  auto judged = judge_child(*child_end_, output_.tail());
  if (judged.kind == outcome_kind::succeeded) {  // a worker does not end by itself: a body called exit(0)
    judged.kind = outcome_kind::failed;
    judged.failure = "exit:0";
    judged.message = "exit code 0";
  }
  epitaph_ = trouble_.empty() ? judged.message : trouble_ + "; " + judged.message;
  was_idle_ = run_ == nullptr;
  if (run_ != nullptr) {
    run_end end;
    end.result = std::move(judged);
    if (!trouble_.empty()) end.result.message = "its worker " + epitaph_;
    if (last_words_) end = *std::exchange(last_words_, std::nullopt);
    state_ = state::ended;
    complete(std::move(end));
  }
  change(state::ended);
}

std::shared_ptr<spdlog::logger> pool_worker::logger() const {
  return options_.logger ? options_.logger : spdlog::default_logger();
}

}  // namespace carillon
