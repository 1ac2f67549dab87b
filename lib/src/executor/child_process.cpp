#include "executor/child_process.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <boost/asio/append.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <utility>

#include "executor/child_launch.hpp"

namespace carillon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Ends when the child has ended, and the output too or, if it was asked to end, the time for that. The child
// is reaped only then: until then nobody else can get its number, so that the signals reach the right group.
class running_child final : public child_process {
 public:
  running_child(const asio::any_io_executor& executor, launched_child child, milliseconds kill_after,
                output_listener on_output)
      : child_(std::move(child.process)),
        output_(executor, child.output.release()),
        ended_(executor, static_cast<int>(::syscall(SYS_pidfd_open, child_.id(), 0))),
        kill_timer_(executor),
        rest_timer_(executor),
        kill_after_(kill_after),
        on_output_(std::move(on_output)) {
    output_.non_blocking(true);
  }

  ~running_child() override {
    if (!done_) ::kill(-child_.id(), SIGKILL);
  }

  void stop() override {
    if (done_ || end_.asked_to) return;
    end_.asked_to = true;
    ::kill(-child_.id(), SIGTERM);
    kill_timer_.expires_after(kill_after_);
    kill_timer_.async_wait([self = self()](error_code stopped) {
      if (stopped || self->done_) return;
      self->kill();
      self->finish_if_over();
    });
  }

  void kill() noexcept override {
    if (done_) return;
    end_.killed = true;
    ::kill(-child_.id(), SIGKILL);
  }

  int number() const noexcept override { return static_cast<int>(child_.id()); }

  void flush(std::function<void()> done) override {
    on_flushed_ = std::move(done);
    reading_ ? output_.cancel() : flushed();  // in the first case that goes on when the read has ended
  }

  void rest(milliseconds time) noexcept override { rest_ = time; }

 private:
  std::shared_ptr<running_child> self() {
    return std::static_pointer_cast<running_child>(shared_from_this());
  }

  void wait(end_handler handler) override {
    handler_ = std::move(handler);
    auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) {
      slot.assign([self = std::weak_ptr<running_child>(self())](asio::cancellation_type) {
        if (const auto child = self.lock()) child->stop();
      });
    }
    read();
    ended_.async_wait(asio::posix::stream_descriptor::wait_read, [self = self()](error_code) {
      self->has_ended_ = true;
      self->finish_if_over();
    });
  }

  void read() {
    if (rest_ > milliseconds{0}) return read_later(std::exchange(rest_, milliseconds{0}));
    reading_ = true;
    output_.async_read_some(asio::buffer(buffer_), [self = self()](error_code fault, std::size_t bytes) {
      self->reading_ = false;
      self->on_output_({self->buffer_.data(), bytes});
      self->output_over_ = fault && fault != asio::error::operation_aborted;
      if (self->on_flushed_) self->flushed();
      self->is_over() || self->output_over_ ? self->finish_if_over() : self->read();
    });
  }

  void read_later(milliseconds time) {
    rest_timer_.expires_after(time);
    rest_timer_.async_wait([self = self()](error_code) {
      if (!self->done_) self->read();
    });
  }

  void flushed() {
    if (!done_ && !output_over_) read_what_is_there();
    asio::post(output_.get_executor(), std::exchange(on_flushed_, nullptr));
  }

  bool is_over() const {
    const bool others_may_go_on = !end_.asked_to || end_.killed || output_over_;
    return has_ended_ && others_may_go_on;
  }

  void finish_if_over() {
    if (done_ || !is_over()) return;
    if (reading_) {
      output_.cancel();  // and go on when that has handed over what it may have read
      return;
    }
    done_ = true;
    if (!output_over_) read_what_is_there();
    error_code ignored;
    output_.close(ignored);
    ended_.close(ignored);
    kill_timer_.cancel();
    rest_timer_.cancel();
    child_.wait(ignored);
    end_.status = child_.native_exit_code();
    static_cast<void>(child_.detach());  // its number may be somebody else's from now on
    const auto slot = asio::get_associated_cancellation_slot(handler_);
    if (slot.is_connected()) asio::cancellation_slot{slot}.clear();
    asio::post(output_.get_executor(), asio::append(std::move(handler_), end_));
  }

  // Bounded, because a process in the background may write for ever.
  void read_what_is_there() {
    error_code fault;
    for (int pieces = 0; pieces < 32 && !fault; ++pieces) {
      const auto bytes = output_.read_some(asio::buffer(buffer_), fault);
      if (!fault) on_output_({buffer_.data(), bytes});
    }
  }

  boost::process::v2::basic_process<asio::any_io_executor> child_;
  asio::posix::stream_descriptor output_;
  asio::posix::stream_descriptor ended_;  // readable when the child has ended: a pidfd
  asio::steady_timer kill_timer_;
  asio::steady_timer rest_timer_;
  milliseconds rest_{0};  // before the next read
  std::function<void()> on_flushed_;
  milliseconds kill_after_;
  output_listener on_output_;
  end_handler handler_;
  child_end end_;
  bool reading_ = false, has_ended_ = false, output_over_ = false, done_ = false;
  std::array<char, 4096> buffer_;
};

}  // namespace

std::shared_ptr<child_process> child_process::start(const asio::any_io_executor& executor,
                                                    const command_line& command,
                                                    const std::map<std::string, std::string>& extra_env,
                                                    output_listener on_output, const child_means& means) {
  auto child = launch(executor, command, extra_env, means);
  return std::make_shared<running_child>(executor, std::move(child), command.kill_after,
                                         std::move(on_output));
}

}  // namespace carillon
