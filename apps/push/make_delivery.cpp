#include "push/make_delivery.hpp"

#include <unistd.h>

#include "push/line_delivery.hpp"

namespace carillon::pushes {

namespace {

struct maker {
  std::unique_ptr<delivery> operator()(const stdout_options& how) const {
    return std::make_unique<line_delivery>(STDOUT_FILENO, "standard output", how.where, how.logger);
  }
  std::unique_ptr<delivery> operator()(const webhook_options& how) const {
    return std::make_unique<webhook>(executor, how);
  }
  std::unique_ptr<delivery> operator()(const stream_options& how) const {
    return std::make_unique<stream_delivery>(link, executor, how);
  }
  std::unique_ptr<delivery> operator()(const channel_options& how) const {
    return std::make_unique<channel_delivery>(link, executor, how);
  }

  redis::link& link;
  const loop_executor& executor;
};

}  // namespace

std::unique_ptr<delivery> make_delivery(const delivery_choice& how, redis::link& link,
                                        const loop_executor& where) {
  return std::visit(maker{link, where}, how);
}

}  // namespace carillon::pushes
