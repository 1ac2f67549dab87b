#include "push/line_delivery.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "push/push_json.hpp"

namespace carillon::pushes {

namespace {

// Answers 0, or why not all of `text` could be written, which is then what is left of it.
int write_all(int file, std::string_view& text) {
  while (!text.empty()) {
    const auto written = ::write(file, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd ready{file, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

std::string in_words(int number) { return std::generic_category().message(number); }

}  // namespace

line_delivery::line_delivery(int file, std::string name, const zone& where,
                             std::shared_ptr<spdlog::logger> logger)
    : file_{file}, name_{std::move(name)}, where_{where}, logger_{std::move(logger)}, health_{name_} {}

loop_awaitable<delivered> line_delivery::deliver(const push& what) {
  const auto line = to_json(what, where_) + '\n';
  std::string_view left{line};
  const int fault = write_all(file_, left);
  const auto now = std::chrono::steady_clock::now();
  const auto told = fault == 0 ? health_.succeeded(now) : health_.failed(in_words(fault), now);
  if (told && logger_) logger_->log(fault == 0 ? spdlog::level::info : spdlog::level::warn, "{}", *told);
  if (fault == 0) co_return delivered();
  auto why = fmt::format("{}: {}", name_, in_words(fault));
  if (left.size() == line.size()) co_return delivered::away(std::move(why));
  auto outcome = delivered::again(std::move(why));
  outcome.unsure = true;
  co_return outcome;
}

loop_awaitable<void> line_delivery::check() {
  const int flags = ::fcntl(file_, F_GETFL);
  if (flags < 0) throw std::runtime_error(fmt::format("{}: {}", name_, in_words(errno)));
  if ((flags & O_ACCMODE) == O_RDONLY)
    throw std::runtime_error(fmt::format("{} is open for reading only", name_));
  co_return;
}

loop_awaitable<void> line_delivery::close() { co_return; }

}  // namespace carillon::pushes
