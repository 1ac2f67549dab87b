#include "push/metrics_text.hpp"

#include <prometheus/text_serializer.h>

#include <utility>
#include <vector>

namespace carillon::pushes {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

double in_seconds(milliseconds time) { return static_cast<double>(time.count()) / 1000; }

MetricFamily family(std::string name, std::string help, MetricType type, ClientMetric metric) {
  MetricFamily made;
  made.name = "carillon_push_" + std::move(name);
  made.help = std::move(help);
  made.type = type;
  made.metric.push_back(std::move(metric));
  return made;
}

MetricFamily counter(std::string name, std::string help, std::uint64_t value) {
  ClientMetric metric;
  metric.counter.value = static_cast<double>(value);
  return family(std::move(name) + "_total", std::move(help), MetricType::Counter, std::move(metric));
}

MetricFamily histogram(std::string name, std::string help, const lateness_figures& late) {
  ClientMetric metric;
  std::uint64_t count = 0;
  for (std::size_t at = 0; at < late.bounds.size(); ++at) {
    count += late.counts[at];
    metric.histogram.bucket.push_back({count, in_seconds(late.bounds[at])});
  }
  metric.histogram.sample_count = count + late.counts.back();
  metric.histogram.sample_sum = in_seconds(late.sum);
  return family(std::move(name), std::move(help), MetricType::Histogram, std::move(metric));
}

}  // namespace

std::string metrics_text(const push_figures& figures) {
  const std::vector<MetricFamily> all{
      counter("due", "Pushes reserved by this instance, to be sent.", figures.due),
      counter("sent", "Pushes delivered.", figures.sent),
      counter("already_sent", "Found due and marked as sent, once a look.", figures.already_sent),
      counter("with_others", "Found due and reserved by other instances, once a look.", figures.with_others),
      counter("failed_attempts", "Attempts that did not deliver.", figures.failed),
      counter("dead", "Pushes that failed for good.", figures.dead),
      counter("repeats", "Delivered, of those that may have been delivered before.", figures.repeats),
      counter("overtaken", "Delivered, and taken by another instance meanwhile.", figures.overtaken),
      counter("given_back", "Reserved and not sent, because the process was to stop.", figures.given_back),
      counter("malformed", "Subscriptions that are none, each once.", figures.malformed),
      counter("looks", "Looks for what is due.", figures.looks),
      histogram("lateness_seconds",
                "How late pushes were delivered; those that were early are in the first bucket.",
                figures.lateness)};
  return prometheus::TextSerializer().Serialize(all);
}

}  // namespace carillon::pushes
