#pragma once
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <carillon/time/manual_clock.hpp>
#include <memory>
#include <string>
#include <vector>

#include "push/fake_delivery.hpp"
#include "push/look.hpp"
#include "push/reservations_world.hpp"

namespace carillon::testing {

/// One process's share of the push service, without a scheduler: who looks when is said by the test.
struct pusher {
  pusher(loop_world& in, const push_server& at, manual_clock& time, const pushes::push_options& how)
      : world{in},
        options{how},
        link{in.io, {.url = at.server.url(), .name_space = "test", .logger = in.logger}},
        client{link, in.strand, "push"},
        state{client, "test", how},
        way{in.strand},
        wrong{in.logger, how.subscriptions, how.subscriptions + ":rich"},
        out{{in.strand, state, way, time, figures, in.logger}, how},
        eye{{state, out, wrong, time, figures, in.strand, in.logger}, how} {}
  ~pusher() {
    world.run(out.close());
    world.run(client.close());
  }

  /// All slices, one after the other, once.
  void look() {
    for (std::uint32_t slice = 0; slice <= options.slices; ++slice)
      world.run(eye.run(slice, pushes::look::passes::one));
  }

  loop_world& world;
  pushes::push_options options;
  redis::link link;
  redis::client client;
  pushes::reservations state;
  fake_delivery way;
  pushes::push_figures figures;
  pushes::complaints wrong;
  pushes::outbox out;
  pushes::look eye;
};

/// A Redis, a time, and processes that look.
struct look_world : push_server, loop_world {
  explicit look_world(const std::string& start = "2026-11-21T08:00:00Z", pushes::push_options how = quick())
      : time{push_time(start)}, options{std::move(how)} {}

  static pushes::push_options quick() {
    auto how = push_options_for_tests();
    how.slices = 2;
    how.retry.backoff_min = milliseconds{1};
    how.retry.backoff_max = milliseconds{2};
    return how;
  }
  std::unique_ptr<pusher> begin() { return std::make_unique<pusher>(*this, *this, time, options); }

  /// Starts a look that goes on by itself; true in `over` when it has ended.
  struct background {
    bool over = false;
    std::exception_ptr failure;
    boost::asio::cancellation_signal stop;
  };
  std::shared_ptr<background> start(pusher& who, std::uint32_t slice) {
    auto state = std::make_shared<background>();
    auto ended = [state](std::exception_ptr failure) {
      state->over = true;
      state->failure = std::move(failure);
    };
    boost::asio::co_spawn(strand, who.eye.run(slice),
                          boost::asio::bind_cancellation_slot(state->stop.slot(), ended));
    return state;
  }

  manual_clock time;
  pushes::push_options options;
};

}  // namespace carillon::testing
