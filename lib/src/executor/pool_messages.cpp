#include "executor/pool_messages.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include <stdexcept>
#include <utility>

#include "job/json_text.hpp"

namespace carillon {
namespace {

namespace json = boost::json;

constexpr std::size_t length_bytes = 4;

std::int64_t in_ms(instant time) { return time.time_since_epoch().count(); }
instant time_of(const json::value& in) { return instant{milliseconds{in.to_number<std::int64_t>()}}; }
milliseconds duration_of(const json::value& in) { return milliseconds{in.to_number<std::int64_t>()}; }
std::string text_of(const json::value& in) { return std::string{in.as_string()}; }

json::value written(const worker_setup& setup) {
  return {{"memory", setup.memory},
          {"cpu_ms", setup.cpu_time.count()},
          {"stop_after_ms", setup.stop_after.count()}};
}

json::value written(const run_order& run) {
  json::object out{{"job", run.job},         {"task", run.task},
                   {"id", run.id},           {"instance", run.instance},
                   {"zone", run.zone},       {"arguments", run.arguments},
                   {"attempt", run.attempt}, {"scheduled_for", in_ms(run.scheduled_for)},
                   {"fence", run.fence},     {"due", in_ms(run.due)},
                   {"log", run.log_level}};
  if (run.deadline) out["deadline"] = in_ms(*run.deadline);
  if (run.carried) out["carried"] = *run.carried;
  if (const auto& after = run.follows)
    out["follows"] = {{"job", after->job}, {"run", after->run}, {"how", static_cast<int>(after->how)}};
  return out;
}

json::value written(const stop_order& stop) { return {{"why", static_cast<int>(stop.why)}}; }
json::value written(const worker_ready&) { return json::object(); }
json::value written(const logged_line& line) { return {{"level", line.level}, {"words", line.words}}; }

json::value written(const run_end& end) {
  const auto& result = end.result;
  json::object out{{"succeeded", result.kind == outcome_kind::succeeded}, {"spent", end.spent}};
  if (!end.note.empty()) out["note"] = end.note;
  if (end.value) out["value"] = *end.value;
  if (end.carry) out["carry"] = *end.carry;
  if (result.kind == outcome_kind::succeeded) return out;
  out["failure"] = result.failure;
  out["message"] = result.message;
  out["permanent"] = result.permanent;
  return out;
}

worker_setup read_setup(const json::value& in) {
  return {in.at("memory").to_number<std::uint64_t>(), duration_of(in.at("cpu_ms")),
          duration_of(in.at("stop_after_ms"))};
}

run_order read_run(const json::value& in) {
  run_order run;
  run.job = text_of(in.at("job"));
  run.task = text_of(in.at("task"));
  run.id = text_of(in.at("id"));
  run.instance = text_of(in.at("instance"));
  run.zone = text_of(in.at("zone"));
  run.arguments = text_of(in.at("arguments"));
  run.scheduled_for = time_of(in.at("scheduled_for"));
  run.due = time_of(in.at("due"));
  run.attempt = in.at("attempt").to_number<std::uint32_t>();
  run.fence = in.at("fence").to_number<std::uint64_t>();
  if (const auto* deadline = in.as_object().if_contains("deadline")) run.deadline = time_of(*deadline);
  if (const auto* carried = in.as_object().if_contains("carried")) run.carried = text_of(*carried);
  if (const auto* after = in.as_object().if_contains("follows")) {
    const auto how = static_cast<outcome_kind>(after->at("how").to_number<int>());
    run.follows = std::make_shared<const followed_run>(
        followed_run{text_of(after->at("job")), text_of(after->at("run")), how});
  }
  run.log_level = in.at("log").to_number<int>();
  return run;
}

run_end read_end(const json::value& in) {
  const auto& object = in.as_object();
  run_end end;
  end.spent = object.at("spent").as_bool();
  if (const auto* note = object.if_contains("note")) end.note = text_of(*note);
  if (const auto* value = object.if_contains("value")) end.value = *value;
  if (const auto* carry = object.if_contains("carry")) end.carry = *carry;
  if (object.at("succeeded").as_bool()) return end;
  end.result.kind = outcome_kind::failed;
  end.result.failure = text_of(object.at("failure"));
  end.result.message = text_of(object.at("message"));
  end.result.permanent = object.at("permanent").as_bool();
  return end;
}

constexpr std::string_view message_names[] = {"setup", "run", "stop", "ready", "log", "end"};

pool_message read_message(std::string_view text) {
  auto lenient = own_text();
  lenient.allow_invalid_utf8 = true;  // what a body logs or throws is its own affair
  const auto parsed = json::parse(text, json::storage_ptr(), lenient);
  const auto& object = parsed.as_object();
  if (object.size() != 1) throw std::runtime_error("not one member");
  const auto& [name, in] = *object.begin();
  if (name == message_names[0]) return read_setup(in);
  if (name == message_names[1]) return read_run(in);
  if (name == message_names[2])
    return stop_order{static_cast<cancel_reason>(in.at("why").to_number<std::uint8_t>())};
  if (name == message_names[3]) return worker_ready{};
  if (name == message_names[4]) return logged_line{in.at("level").to_number<int>(), text_of(in.at("words"))};
  if (name == message_names[5]) return read_end(in);
  throw std::runtime_error("an unknown kind");
}

}  // namespace

std::string encode(const pool_message& message) {
  json::object out;
  out[message_names[message.index()]] = std::visit([](const auto& one) { return written(one); }, message);
  const auto text = json::serialize(out);
  if (text.size() > longest_message) throw std::length_error("a message of more than 64 MiB");
  std::string bytes;
  bytes.reserve(length_bytes + text.size());
  for (int shift = 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(static_cast<unsigned char>(text.size() >> shift));
  return bytes + text;
}

std::optional<pool_message> message_reader::next() {
  const auto left = bytes_.size() - begin_;
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes && left >= length_bytes; ++i)
    length = length << 8 | static_cast<unsigned char>(bytes_[begin_ + i]);
  if (length > longest_message) throw std::runtime_error("a message of more than 64 MiB");
  if (left < length_bytes || left - length_bytes < length) {
    bytes_.erase(0, std::exchange(begin_, 0));
    return std::nullopt;
  }
  const auto text = std::string_view{bytes_}.substr(begin_ + length_bytes, length);
  begin_ += length_bytes + length;
  return read_message(text);
}

}  // namespace carillon
