#pragma once
#include <carillon/trigger/cron_expression.hpp>
#include <string_view>

namespace carillon::testing {

/// An expression that has nothing wrong in it.
inline cron_expression as_crontab(std::string_view text) {
  return cron_expression::parse(cron_dialect::crontab, text).value();
}
inline cron_expression as_quartz(std::string_view text) {
  return cron_expression::parse(cron_dialect::quartz, text).value();
}

}  // namespace carillon::testing
