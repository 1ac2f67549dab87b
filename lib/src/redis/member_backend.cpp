#include "redis/member_backend.hpp"

#include <fmt/format.h>

#include <charconv>
#include <redis/scripts.hpp>

#include "redis/msgpack.hpp"

namespace carillon::redis {

namespace {

constexpr int work_is_kept = 3'600;  // Seconds, from the last heartbeat that names it.

std::string hex_of(std::uint64_t digest) { return fmt::format("{:016x}", digest); }

std::uint64_t digest_in(std::string_view hex) {
  std::uint64_t digest = 0;
  std::from_chars(hex.data(), hex.data() + hex.size(), digest, 16);
  return digest;
}

words renewal(const member_info& me, milliseconds lease, store_identity expected) {
  words all(expected.id, expected.partitions, me.id, lease.count(), me.host, me.process, me.version);
  all.add(me.started.time_since_epoch().count()).add(me.takes_jobs ? 1 : 0).add(hex_of(me.work_digest));
  if (me.clock_offset)
    all.add(me.clock_offset->count());
  else
    all.add("");
  return all;
}

/// What a member says of itself is gone only if somebody has deleted it: then it takes no jobs.
member_info read_member(const reply& said) {
  member_info member;
  member.id = said[0].text();
  member.instance = instance_of(member.id);
  member.expires = instant{milliseconds{said[1].integer()}};
  const auto fields = said[2];
  member.takes_jobs = false;
  if (fields[0].is_null()) return member;
  member.host = fields[0].text();
  member.process = static_cast<std::uint64_t>(fields[1].integer());
  member.version = fields[2].text();
  member.started = instant{milliseconds{fields[3].integer()}};
  member.takes_jobs = fields[4].integer() != 0;
  member.work_digest = digest_in(fields[5].text());
  const bool has_offset = !fields[6].is_null() && !fields[6].text().empty();  // Older versions say none.
  if (has_offset) member.clock_offset = milliseconds{fields[6].integer()};
  return member;
}

void pack_names(packer& out, const std::vector<std::string>& names) {
  out.list(names.size());
  for (const auto& name : names) out.add(name);
}

std::vector<std::string> read_names(unpacker& in) {
  std::vector<std::string> names(in.list());
  for (auto& name : names) name = in.text();
  return names;
}

std::string packed_work(const served_work& work) {
  packer out;
  out.list(4);
  pack_names(out, work.tasks);
  pack_names(out, work.executors);
  pack_names(out, work.body_executors);
  out.list(work.declared.size());
  for (const auto seed : work.declared) out.add(seed);
  return out.take();
}

std::shared_ptr<const served_work> read_work(std::string_view text) {
  unpacker in{text};
  in.list();
  auto work = std::make_shared<served_work>();
  work->tasks = read_names(in);
  work->executors = read_names(in);
  work->body_executors = read_names(in);
  work->declared.resize(in.list());
  for (auto& seed : work->declared) seed = in.number();
  return work;
}

}  // namespace

loop_awaitable<members_answer> member_backend::ask(const lua_script& script, words arguments) {
  const words keys(keys_.meta());
  const auto said = co_await link_.run(script, keys, arguments);
  members_answer answer;
  answer.what = static_cast<members_answer::kind>(said[0].integer());
  answer.store_time = instant{milliseconds{said[1].integer()}};
  auto value = ++said.begin();
  while (++value != said.end()) answer.members.push_back(read_member(*value));
  co_return answer;
}

loop_awaitable<members_answer> member_backend::join(const member_info& me, milliseconds lease,
                                                    store_identity expected) {
  auto arguments = renewal(me, lease, expected);
  co_return co_await ask(scripts::join, std::move(arguments));
}

loop_awaitable<members_answer> member_backend::heartbeat(const member_info& me, milliseconds lease,
                                                         store_identity expected) {
  auto arguments = renewal(me, lease, expected);
  co_return co_await ask(scripts::heartbeat, std::move(arguments));
}

loop_awaitable<members_answer> member_backend::members() {
  co_return co_await ask(scripts::members, words());
}

loop_awaitable<void> member_backend::leave(std::string member) {
  const words keys(keys_.meta()), arguments(member);
  co_await link_.run(scripts::leave, keys, arguments);
}

loop_awaitable<void> member_backend::publish_work(const served_work& work) {
  const auto key = keys_.shared("work:" + hex_of(work.digest()));
  const words all("SET", key, packed_work(work), "EX", work_is_kept);
  co_await link_.command(all);
}

loop_awaitable<std::shared_ptr<const served_work>> member_backend::fetch_work(std::uint64_t digest) {
  const words all("GET", keys_.shared("work:" + hex_of(digest)));
  const auto text = co_await link_.command(all);
  if (text.is_null()) co_return nullptr;
  co_return read_work(text.text());
}

}  // namespace carillon::redis
