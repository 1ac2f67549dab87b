// The backend as a whole: which store it has opened, and how a script is asked. Jobs: job_backend_jobs.cpp;
// their runs: job_backend_runs.cpp; the ledger: job_backend_history.cpp.

#include "redis/job_backend.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <charconv>
#include <redis/scripts.hpp>

#include "redis/namespaces.hpp"
#include "redis/server_facts.hpp"

namespace carillon::redis {

namespace {

constexpr std::uint32_t usual_partitions = 64;

[[noreturn]] void refuse_store(const std::string& why) {
  throw boost::system::system_error(errc::store_refused, why);
}

std::uint64_t unsigned_of(const reply& text) { return static_cast<std::uint64_t>(text.integer()); }

}  // namespace

job_backend::job_backend(connection& link, std::string name_space, job_backend_options how)
    : link_{link}, keys_{std::move(name_space)}, how_{how} {}

loop_awaitable<store_identity> job_backend::open(std::uint32_t partitions, backend_listener& listener) {
  co_await check_server();
  auto store = co_await find_store(partitions, 0);
  for (;;) {
    const auto greatest = co_await adopt_partitions(store);
    if (greatest == store.id) break;
    store = co_await find_store(partitions, greatest);
  }
  store_ = store;
  notices_ = std::make_unique<notices>(link_, keys_, store_.partitions, listener);
  co_await notices_->wait_until_heard();
  co_return store_;
}

loop_awaitable<void> job_backend::close() {
  notices_.reset();
  co_return;
}

loop_awaitable<void> job_backend::check_server() {
  const auto facts = co_await inspect_server(link_);
  refuse_unfit(facts);
}

/// Reads what is fixed for the store, or creates it if it may. Writes nothing into one that does not fit.
loop_awaitable<store_identity> job_backend::find_store(std::uint32_t partitions, std::uint64_t at_least) {
  const words keys{keys_.meta()};
  words arguments{store_keys::format};
  if (how_.create)
    arguments.add(partitions == 0 ? usual_partitions : partitions);
  else
    arguments.add("");
  arguments.add(at_least);
  const auto there = co_await link_.run(scripts::open, keys, arguments);
  if (there.size() == 0) co_await throw_no_store(link_, keys_.name_space());
  const auto format = there[0].text();
  if (format != std::to_string(store_keys::format)) throw_unknown_format(keys_.name_space(), format);
  store_identity store;
  store.partitions = static_cast<std::uint32_t>(unsigned_of(there[1]));
  store.id = unsigned_of(there[2]);
  if (partitions != 0 && store.partitions != partitions) {
    refuse_store("the namespace '" + keys_.name_space() + "' was created with " +
                 std::to_string(store.partitions) + " partitions, and " + std::to_string(partitions) +
                 " are asked for: ask for what is there, or for another namespace");
  }
  co_return store;
}

/// Makes partitions that are empty, or of an earlier store, those of this one. Answers the greatest id to
/// which any belongs now.
loop_awaitable<std::uint64_t> job_backend::adopt_partitions(store_identity store) {
  auto greatest = store.id;
  for (std::uint32_t partition = 0; partition < store.partitions; ++partition) {
    const words keys{keys_.store(partition)};
    const words arguments{store.id};
    const auto id = co_await link_.run(scripts::adopt, keys, arguments);
    greatest = std::max(greatest, unsigned_of(id));
  }
  co_return greatest;
}

void job_backend::tell_unreadable(const char* what, std::string_view id, const std::string& why) {
  tell_once(
      fmt::format("{} '{}' in namespace '{}' cannot be read and is passed over, see carillon doctor: {}",
                  what, id, keys_.name_space(), why));
}

void job_backend::tell_once(std::string words) {
  constexpr std::size_t most_told = 1'000;
  if (told_.size() >= most_told) return;
  const auto [told, is_new] = told_.insert(std::move(words));
  if (!is_new) return;
  const auto& options = link_.options();
  const auto log = options.logger ? options.logger : spdlog::default_logger();
  log->error("{}", *told);
}

words job_backend::head() const { return words(store_.id); }

words job_backend::head_of_change() const {
  const auto share = std::max<std::uint64_t>(how_.ledger_length / std::max(store_.partitions, 1u), 1);
  return words(store_.id, share);
}

loop_awaitable<reply> job_backend::run(std::uint32_t partition, const lua_script& script, words arguments) {
  const words keys{keys_.store(partition)};
  auto answer = co_await link_.run(script, keys, arguments);
  if (answer.what() == reply::kind::text && answer.text() == "OTHER STORE") {
    throw boost::system::system_error(
        errc::other_store, "partition " + std::to_string(partition) + " of '" + keys_.name_space() + "'");
  }
  co_return answer;
}

}  // namespace carillon::redis
