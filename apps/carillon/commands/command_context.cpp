#include "carillon/commands/command_context.hpp"

#include <fmt/format.h>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <ostream>
#include <vector>

#include "carillon/diagnostic.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/time_argument.hpp"

namespace carillon::app {

int print_failure(bool json, std::string_view message, std::string_view hint, std::ostream& err) {
  if (json) {
    const boost::json::object error{{"message", in_utf8(message)}, {"hint", in_utf8(hint)}};
    err << boost::json::serialize(boost::json::object{{"error", error}}) << '\n';
  } else {
    err << "carillon: " << message << '\n';
    if (!hint.empty()) err << hint << '\n';
  }
  return exit_code::failed;
}

int print_failure(const command_context& context, std::string_view message, std::string_view hint) {
  return print_failure(context.json, message, hint, context.err);
}

loop_awaitable<int> print_no_such_job(command_context& context, std::string id) {
  job_query query;
  query.limit = 1'000;
  const auto page = co_await context.store.list(query);
  std::vector<std::string_view> ids;
  for (const auto& job : page.jobs) ids.push_back(job.id());
  const auto near = nearest(id, ids);
  const auto hint = !near.empty() ? fmt::format("Did you mean {}?", near)
                    : ids.empty() ? std::string{"There are no jobs in this store."}
                                  : std::string{"carillon jobs list shows those that there are."};
  co_return print_failure(context, fmt::format("there is no job '{}'", shown(id)), hint);
}

instant time_of(instant now, const zone& where, std::string_view option, const std::string& given) {
  const auto read = read_time(given, now, where);
  if (read) return read->at;
  const auto& why = read.error();
  throw wrong_argument(fmt::format("{} '{}': {} (character {})", option, shown(given), why.message,
                                   characters(given, why.position) + 1),
                       why.hint);
}

}  // namespace carillon::app
