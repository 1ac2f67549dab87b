#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <carillon/redis/inspection.hpp>
#include <charconv>
#include <redis/scripts.hpp>

#include "redis/data_faults.hpp"
#include "redis/inspection_parts.hpp"
#include "redis/member_backend.hpp"
#include "redis/namespaces.hpp"
#include "redis/record_codec.hpp"
#include "redis/server_facts.hpp"

namespace carillon::redis {

namespace {

std::uint64_t whole(const reply& text) {
  std::uint64_t number = 0;
  const auto digits = text.text();
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

}  // namespace

inspection::inspection(link& which) : parts_{std::make_unique<parts>(which)} {}
inspection::~inspection() = default;

loop_awaitable<void> inspection::open() {
  parts_->wire->start();
  co_await inspect_server(*parts_->wire);  // Has the words for a server that does not let us in.
}

loop_awaitable<void> inspection::close() { co_await parts_->wire->stop(); }

loop_awaitable<server_report> inspection::server() {
  const auto facts = co_await inspect_server(*parts_->wire);
  server_report report;
  report.product = facts.flavour;
  report.version = facts.version;
  report.role = facts.what == server_facts::role::master    ? "master"
                : facts.what == server_facts::role::replica ? "replica"
                                                            : "sentinel";
  report.latency = facts.latency.value_or(std::chrono::microseconds{0});
  report.clock_offset = facts.clock_offset.value_or(milliseconds{0});
  report.findings = findings_about(facts);
  co_return report;
}

loop_awaitable<store_facts> inspection::store() {
  store_facts facts;
  const words ask("HMGET", parts_->keys.meta(), "format", "partitions", "id");
  const auto meta = co_await parts_->wire->command(ask);
  facts.exists = !meta[0].is_null();
  if (facts.exists) {
    facts.format = static_cast<std::uint32_t>(whole(meta[0]));
    facts.known_format = facts.format == store_keys::format;
    if (!meta[1].is_null()) facts.partitions = static_cast<std::uint32_t>(whole(meta[1]));
    if (!meta[2].is_null()) facts.id = whole(meta[2]);
  } else {
    facts.other_namespaces = co_await namespaces_of(*parts_->wire);
  }
  co_return facts;
}

loop_awaitable<store_facts> inspection::existing_store() {
  auto facts = co_await store();
  if (!facts.exists) co_await throw_no_store(*parts_->wire, parts_->keys.name_space());
  if (!facts.known_format) throw_unknown_format(parts_->keys.name_space(), std::to_string(facts.format));
  co_return facts;
}

loop_awaitable<reply> inspection::parts::run(const store_facts& store, std::uint32_t partition,
                                             const lua_script& script, std::string_view third,
                                             std::string_view fourth) {
  const words script_keys(keys.store(partition));
  const words arguments(store.id, 1000, third, fourth);
  auto answer = co_await wire->run(script, script_keys, arguments);
  if (answer.what() == reply::kind::text && answer.text() == "OTHER STORE")
    throw boost::system::system_error(errc::other_store, "partition " + std::to_string(partition));
  co_return answer;
}

loop_awaitable<void> inspection::parts::look_at_index(const store_facts& store, std::string_view which,
                                                      partition_facts& into) {
  std::string cursor = "0";
  do {
    const auto page = co_await run(store, into.partition, scripts::inspect, which, cursor);
    cursor = page[0].text();
    const auto faults = page[1], holders = page[2];
    for (std::size_t k = 0; k + 2 < faults.size(); k += 3) {
      into.faults.push_back({data_fault_named(faults[k].text()), into.partition,
                             std::string{faults[k + 1].text()}, std::string{faults[k + 2].text()}});
    }
    for (std::size_t k = 0; k + 3 < holders.size(); k += 4) {
      into.active.push_back({std::string{holders[k].text()}, std::string{holders[k + 1].text()},
                             std::string{holders[k + 2].text()},
                             instant{milliseconds{holders[k + 3].integer()}}});
    }
  } while (cursor != "0");
}

loop_awaitable<partition_facts> inspection::partition(const store_facts& store, std::uint32_t which,
                                                      milliseconds grace) {
  constexpr std::array<std::string_view, 10> indexes{"jobs",    "ids", "definitions", "notes", "skips",
                                                     "carried", "due", "waiting",     "runs",  "active"};
  partition_facts facts;
  facts.partition = which;
  const words ask("GET", parts_->keys.store(which));
  const auto owner = co_await parts_->wire->command(ask);
  if (owner.is_null()) co_return facts;  // Nobody has been here yet.
  if (whole(owner) != store.id) {
    facts.faults.push_back({data_fault_kind::foreign_partition, which, parts_->keys.store(which),
                            "belongs to store " + std::string{owner.text()}});
    co_return facts;
  }
  const auto grace_text = std::to_string(grace.count());
  const auto counts = co_await parts_->run(store, which, scripts::inspect_overdue, grace_text, "");
  facts.jobs = static_cast<std::uint64_t>(counts[0].integer());
  facts.runs = static_cast<std::uint64_t>(counts[1].integer());
  facts.waiting = static_cast<std::uint64_t>(counts[2].integer());
  facts.ledger = static_cast<std::uint64_t>(counts[3].integer());
  const auto overdue = counts[4];
  for (std::size_t k = 0; k + 2 < overdue.size(); k += 3) {
    facts.overdue.push_back({std::string{overdue[k].text()}, instant{milliseconds{overdue[k + 1].integer()}},
                             overdue[k + 2].integer() == 1});
  }
  for (const auto index : indexes) co_await parts_->look_at_index(store, index, facts);
  co_return facts;
}

loop_awaitable<std::vector<data_fault>> inspection::keys(const store_facts& store) {
  std::vector<data_fault> faults;
  const auto pattern = "carillon:{" + parts_->keys.name_space() + ":*}:*";
  std::string cursor = "0";
  do {
    const words ask("SCAN", cursor, "MATCH", pattern, "COUNT", 1000);
    const auto page = co_await parts_->wire->command(ask);
    cursor = page[0].text();
    for (const auto key : page[1]) co_await parts_->look_at_key(key.text(), store.partitions, faults);
  } while (cursor != "0");
  co_return faults;
}

loop_awaitable<void> inspection::parts::look_at_key(std::string_view key, std::uint32_t partitions,
                                                    std::vector<data_fault>& faults) {
  const auto from = key.find(':', key.find('{')) + 1, to = key.find("}:");
  const auto tag = key.substr(from, to - from);
  std::uint32_t partition = 0;
  const auto read = std::from_chars(tag.data(), tag.data() + tag.size(), partition);
  const bool is_partition = read.ec == std::errc{} && read.ptr == tag.data() + tag.size();
  if (!is_partition) co_return;  // Of a lock.
  const auto life = life_of(key.substr(to + 2));
  if (life == key_life::unknown || partition >= partitions) {
    faults.push_back({data_fault_kind::unknown_key, partition, std::string{key}, {}});
    co_return;
  }
  const words ask("TTL", key);
  const auto left = co_await wire->command(ask);
  const bool lasts = left.integer() == -1, is_gone = left.integer() == -2;
  if (is_gone) co_return;
  if (lasts && life == key_life::temporary)
    faults.push_back({data_fault_kind::lasting_key, partition, std::string{key}, {}});
  if (!lasts && life == key_life::lasting) {
    faults.push_back({data_fault_kind::vanishing_key, partition, std::string{key},
                      "in " + std::to_string(left.integer()) + " s"});
  }
  if (!key.substr(to + 2).starts_with("wait:")) co_return;
  const auto id = key.substr(to + 2 + 5);
  const words ask_index("ZSCORE", keys.of_partition(partition, "waiting"), id);
  const auto listed = co_await wire->command(ask_index);
  if (!listed.is_null()) co_return;
  const words ask_key("EXISTS", key);
  const auto there = co_await wire->command(ask_key);
  const auto listed_now = co_await wire->command(ask_index);
  if (there.integer() == 1 && listed_now.is_null()) {
    faults.push_back(
        {data_fault_kind::wrong_waiting, partition, std::string{id}, "there are some that nobody looks for"});
  }
}

// ---- mending

loop_awaitable<bool> inspection::repair(const store_facts& store, const data_fault& fault) {
  if (!can_repair(fault.what)) co_return false;
  auto what = fault.what;
  if (what == data_fault_kind::wrong_waiting) what = data_fault_kind::waiting_without_job;
  const auto answer =
      co_await parts_->run(store, fault.partition, scripts::repair, name(what), fault.subject);
  co_return answer[0].integer() == 1;
}

}  // namespace carillon::redis
