#include "carillon/commands/batch.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <carillon/time/timestamp.hpp>

#include <cerrno>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include "carillon/commands/next.hpp"
#include "carillon/diagnostic.hpp"

namespace carillon::app {
namespace {

namespace json = boost::json;

constexpr std::size_t longest_line = 1 << 20;

struct question {
  std::string_view schedule;
  std::string_view after;
  std::size_t count = 5;
};

// A fault of the line itself, as against one of the schedule in it.
struct bad_line {
  std::string message;
  std::string hint;
};

question read_question(const json::object& line) {
  question asked;
  const auto* schedule = line.if_contains("trigger");
  if (schedule == nullptr) throw bad_line{"there is no trigger", "{\"id\": 1, \"trigger\": \"every 5m\"}"};
  if (!schedule->is_string()) throw bad_line{"trigger must be a string", {}};
  asked.schedule = schedule->get_string();
  if (const auto* after = line.if_contains("after"); after != nullptr && !after->is_null()) {
    if (!after->is_string()) throw bad_line{"after must be a string", "\"2026-03-27T10:00:00+00:00\""};
    asked.after = after->get_string();
  }
  if (const auto* count = line.if_contains("count"); count != nullptr && !count->is_null()) {
    boost::system::error_code fault;
    asked.count = count->is_number() ? count->to_number<std::size_t>(fault) : 0;
    if (fault || asked.count < 1 || asked.count > most_fires) {
      throw bad_line{"count must be a whole number", fmt::format("1 to {}", most_fires)};
    }
  }
  return asked;
}

json::object error_object(std::string_view message, std::size_t position, std::string_view hint) {
  return {{"message", message}, {"position", position}, {"hint", hint}};
}

json::array times(const fire_list& list, const zone& where) {
  json::array out;
  out.reserve(list.fires.size() + 1);
  for (const auto time : list.fires) out.emplace_back(format_instant(time, where));
  if (list.ended) out.emplace_back(nullptr);
  return out;
}

void answer_question(const question& asked, instant now, const zone& fallback, json::object& answer) {
  const auto when = parse_trigger(asked.schedule);
  if (!when) {
    const auto& why = when.error();
    answer["error"] = error_object(why.message, why.position, why.hint);
    return;
  }
  const auto where = shown_zone(*when, fallback);
  auto after = now;
  if (!asked.after.empty()) {
    const auto given = parse_timestamp(asked.after);
    if (!given) throw bad_line{"after: " + given.error().message, given.error().hint};
    after = given->in(where);
  }
  const auto list = next_fires(*when, fallback, after, asked.count);
  if (list) {
    answer["fires"] = times(*list, where);
  } else {
    answer["error"] = error_object(list.error().message(), 0, {});
  }
}

std::string refused(std::string_view message) {
  return json::serialize(json::object{{"id", nullptr}, {"error", error_object(message, 0, {})}});
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

class line_reader {
 public:
  // Calls `answer` for each whole line; a line that is too long is given as nothing.
  template <typename Answer>
  void add(std::string_view bytes, const Answer& answer) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      const auto part = bytes.substr(0, end);
      too_long_ = too_long_ || line_.size() + part.size() > longest_line;
      if (!too_long_) line_ += part;
      if (end == std::string_view::npos) return;
      finish(answer);
      bytes.remove_prefix(end + 1);
    }
  }
  template <typename Answer>
  void finish(const Answer& answer) {
    if (too_long_) {
      answer(std::nullopt);
    } else if (!is_blank(line_)) {
      answer(std::optional<std::string_view>{line_});
    }
    line_.clear();
    too_long_ = false;
  }

 private:
  std::string line_;
  bool too_long_ = false;
};

}  // namespace

std::string answer_batch_line(std::string_view line, instant now, const zone& where) {
  boost::system::error_code fault;
  const auto parsed = json::parse(line, fault);
  if (fault) return refused("not JSON: " + fault.message());
  if (!parsed.is_object()) return refused("must be a JSON object");
  const auto& object = parsed.get_object();
  const auto* id = object.if_contains("id");
  json::object answer;
  answer["id"] = id == nullptr ? json::value{} : *id;
  try {
    answer_question(read_question(object), now, where, answer);
  } catch (const bad_line& why) {
    answer["error"] = error_object(why.message, 0, why.hint);
  } catch (const std::exception& why) {
    answer["error"] = error_object(why.what(), 0, {});
  }
  return json::serialize(answer);
}

bool answer_batch(int input, const std::function<bool(std::string_view)>& write,
                  const std::function<instant()>& now, const zone& where) {
  line_reader lines;
  std::string answers;
  const auto answer = [&](std::optional<std::string_view> line) {
    answers += line ? answer_batch_line(*line, now(), where) : refused("the line has more than a megabyte");
    answers += '\n';
  };
  std::vector<char> buffer(1 << 16);
  while (true) {
    const auto bytes = ::read(input, buffer.data(), buffer.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return false;
    bytes == 0 ? lines.finish(answer) : lines.add({buffer.data(), static_cast<std::size_t>(bytes)}, answer);
    if (!answers.empty() && !write(std::exchange(answers, {}))) return false;
    if (bytes == 0) return true;
  }
}

}  // namespace carillon::app
