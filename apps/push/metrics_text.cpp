#include "push/metrics_text.hpp"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

namespace carillon::pushes {

namespace {

double in_seconds(milliseconds time) { return static_cast<double>(time.count()) / 1000; }

void add_counter(std::string& text, std::string_view name, std::string_view help, std::uint64_t value) {
  fmt::format_to(std::back_inserter(text),
                 "# HELP carillon_push_{0}_total {1}\n# TYPE carillon_push_{0}_total "
                 "counter\ncarillon_push_{0}_total {2}\n",
                 name, help, value);
}

void add_lateness(std::string& text, const lateness_figures& late) {
  constexpr std::string_view name = "carillon_push_lateness_seconds";
  auto out = std::back_inserter(text);
  fmt::format_to(out, "# HELP {0} How late pushes were delivered; those that were early are in the first.\n",
                 name);
  fmt::format_to(out, "# TYPE {} histogram\n", name);
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < late.bounds.size(); ++at) {
    count += late.counts[at];
    fmt::format_to(out, "{}_bucket{{le=\"{}\"}} {}\n", name, in_seconds(late.bounds[at]), count);
  }
  count += late.counts.back();
  fmt::format_to(out, "{0}_bucket{{le=\"+Inf\"}} {1}\n{0}_sum {2}\n{0}_count {1}\n", name, count,
                 in_seconds(late.sum));
}

}  // namespace

std::string metrics_text(const push_figures& figures) {
  std::string text;
  add_counter(text, "due", "Pushes reserved by this instance, to be sent.", figures.due);
  add_counter(text, "sent", "Pushes delivered.", figures.sent);
  add_counter(text, "already_sent", "Found due and marked as sent, once a look.", figures.already_sent);
  add_counter(text, "with_others", "Found due and reserved by other instances, once a look.",
              figures.with_others);
  add_counter(text, "failed_attempts", "Attempts that did not deliver.", figures.failed);
  add_counter(text, "dead", "Pushes that failed for good.", figures.dead);
  add_counter(text, "repeats", "Delivered, of those that may have been delivered before.", figures.repeats);
  add_counter(text, "overtaken", "Delivered, and taken by another instance meanwhile.", figures.overtaken);
  add_counter(text, "given_back", "Reserved and not sent, because the process was to stop.",
              figures.given_back);
  add_counter(text, "malformed", "Subscriptions that are none, each once.", figures.malformed);
  add_counter(text, "looks", "Looks for what is due.", figures.looks);
  add_lateness(text, figures.lateness);
  return text;
}

}  // namespace carillon::pushes
