#include <fmt/format.h>
#include <boost/json/serialize.hpp>
#include <carillon/job/run.hpp>
#include <carillon/text/plain_text.hpp>

#include "job/json_text.hpp"

namespace carillon {

void run::note(std::string_view words) { context_->note = text::in_utf8(words, longest_text); }

void run::returns(const boost::json::value& what) {
  context_->value.clear();
  if (is_too_deep(what)) return leave_out(fmt::format("it is {}", too_deep));
  auto text = text::in_utf8(boost::json::serialize(what));
  if (text.size() > longest_value) {
    return leave_out(
        fmt::format("{} bytes as JSON, and {} are the most that is kept", text.size(), longest_value));
  }
  context_->value = std::move(text);
}

void run::leave_out(const std::string& why) {
  auto& note = context_->note;
  if (!note.empty()) note += '\n';
  note += "what it returned is left out: " + why;
}

std::optional<boost::json::value> run::carried_json() const {
  require_carries();
  if (context_->carried.empty()) return std::nullopt;
  auto data = json_in(context_->carried);
  if (!data) misfit_of_carried("it is no JSON");
  return data;
}

void run::carry_json(const boost::json::value& data) {
  require_carries();
  if (data.is_null()) return void(context_->carry.emplace());
  if (is_too_deep(data))
    throw failure("carry", fmt::format("what the job is to carry is {}", too_deep), true);
  auto text = text::in_utf8(boost::json::serialize(data));
  if (text.size() > longest_value) {
    throw failure("carry",
                  fmt::format("what the job is to carry has {} bytes as JSON, and {} are the most",
                              text.size(), longest_value),
                  true);
  }
  context_->carry = std::move(text);
}

void run::misfit_of_carried(const std::string& why) { throw failure("carried", why, true); }

void run::require_carries() const {
  if (context_->carries) return;
  throw failure(
      "carries",
      fmt::format("job '{}' carries no data from run to run: its options must say `carries`", job_id()),
      true);
}

}  // namespace carillon
