// Jobs as records: add, change, remove, read, list.

#include <algorithm>
#include <redis/scripts.hpp>

#include "redis/job_backend.hpp"
#include "redis/msgpack.hpp"
#include "redis/record_codec.hpp"
#include "redis/step_answers.hpp"

namespace carillon::redis {

namespace {

/// An update's `false` for what stays as it is.
template <typename Enum>
void pack_or_none(packer& out, const std::optional<Enum>& value) {
  if (!value)
    out.none();
  else if constexpr (std::is_enum_v<Enum>)
    out.add(static_cast<int>(*value));
  else
    out.add(*value);
}

void pack_move(packer& out, const std::optional<job_change::cursor_move>& move) {
  if (!move) return void(out.none());
  out.list(3).add(move->cursor).add(move->cursor ? (move->due - *move->cursor).count() : 0).add(move->from);
}

void pack_definition(packer& out, const std::shared_ptr<const job_definition>& definition) {
  if (!definition) return void(out.none().none());
  job_record options;
  options.definition = definition;
  out.add(packed_record(options)).add(definition_text(*definition));
}

std::string packed_change(std::string_view id, std::uint64_t expected_revision, const job_change& change) {
  packer out;
  out.list(15).add(id).add(expected_revision).add(change.token);
  pack_definition(out, change.definition);
  pack_or_none(out, change.state);
  pack_or_none(out, change.note);
  pack_or_none(out, change.skip_next);
  out.add(change.anchor);
  pack_move(out, change.cursor);
  out.list(3 * change.ledger.size());
  for (const auto& entry : change.ledger)
    out.add(static_cast<int>(entry.result.kind)).add(entry.count).add(packed_times(entry));
  if (change.skip_at)
    out.add(packed_skips(*change.skip_at));
  else
    out.none();
  out.add(change.drop_waiting ? 1 : 0);
  pack_or_none(out, change.carried);
  out.add(change.definition ? packed_predecessors(*change.definition) : std::string{});
  return out.take();
}

std::string packed_additions(std::span<const add_step> steps) {
  packer out;
  out.list(steps.size());
  for (const auto& step : steps) {
    const auto& definition = *step.job->definition;
    out.list(8).add(definition.id).add(static_cast<int>(step.policy)).add(packed_record(*step.job));
    out.add(definition_text(definition)).add(step.job->note).add(packed_skips(step.job->skip_at));
    out.add(step.job->carried).add(packed_predecessors(definition));
  }
  return out.take();
}

void refuse_unreadable(const reply& said) {
  if (const auto why = refusal_in(said); !why.empty())
    throw boost::system::system_error(errc::store_refused, why);
}

bool has_all(const std::vector<std::string>& tags, const std::vector<std::string>& wanted) {
  return std::ranges::all_of(wanted,
                             [&](const auto& tag) { return std::ranges::find(tags, tag) != tags.end(); });
}

}  // namespace

loop_awaitable<std::vector<step_answer<put_answer>>> job_backend::add(std::uint32_t partition,
                                                                      std::span<const add_step> steps) {
  std::vector<step_answer<put_answer>> answers;
  if (steps.empty()) co_return answers;
  auto arguments = head_of_change();
  arguments.add(packed_additions(steps));
  const auto said = co_await run(partition, scripts::add, std::move(arguments));
  expect_size(said, steps.size());
  answers.reserve(steps.size());
  for (const auto each : said) answers.push_back(read_step(each, read_put));
  co_return answers;
}

loop_awaitable<change_answer> job_backend::update(std::string id, std::uint64_t expected_revision,
                                                  const job_change& change) {
  if (change.definition && change.definition->id != id) {
    throw std::invalid_argument("update of '" + id + "' with the definition of '" + change.definition->id +
                                "'");
  }
  auto arguments = head_of_change();
  arguments.add(packed_change(id, expected_revision, change));
  const auto said = co_await run(partition_of(id), scripts::update, std::move(arguments));
  refuse_unreadable(said);
  co_return read_change(said);
}

loop_awaitable<change_answer> job_backend::remove(std::string id,
                                                  std::optional<std::uint64_t> expected_revision,
                                                  bool tombstone) {
  packer step;
  step.list(3).add(id);
  pack_or_none(step, expected_revision);
  step.add(tombstone ? 1 : 0);
  auto arguments = head_of_change();
  arguments.add(step.text());
  const auto said = co_await run(partition_of(id), scripts::remove, std::move(arguments));
  refuse_unreadable(said);
  co_return read_change(said);
}

loop_awaitable<std::uint64_t> job_backend::enqueue(const extra_run& wanted) {
  packer step;
  step.list(6).add(wanted.id).add(wanted.occurrence).add(wanted.at).add(static_cast<int>(wanted.why));
  step.add(wanted.token).add(wanted.awaited ? 1 : 0);
  auto arguments = head_of_change();
  arguments.add(step.text());
  const auto said = co_await run(partition_of(wanted.id), scripts::enqueue, std::move(arguments));
  refuse_unreadable(said);
  co_return static_cast<std::uint64_t>(said[0].integer());
}

loop_awaitable<awaited_end> job_backend::end_of(std::string id, std::uint64_t number) {
  auto arguments = head_of_change();
  arguments.add(id).add(number);
  const auto said = co_await run(partition_of(id), scripts::awaited, std::move(arguments));
  co_return read_end(said);
}

loop_awaitable<std::optional<std::string>> job_backend::result(std::string id, std::string run_id, instant) {
  auto arguments = head();
  arguments.add(run_id);
  const auto said = co_await run(partition_of(id), scripts::result, std::move(arguments));
  if (said[0].is_null()) co_return std::nullopt;
  co_return std::string{said[0].text()};
}

loop_awaitable<std::vector<std::optional<job_record>>> job_backend::load(std::uint32_t partition,
                                                                         std::span<const std::string> ids) {
  std::vector<std::optional<job_record>> records(ids.size());
  if (ids.empty()) co_return records;
  auto arguments = head();
  for (const auto& id : ids) arguments.add(id);
  const auto said = co_await run(partition, scripts::load, std::move(arguments));
  for (std::size_t list = 0; list < 7; ++list) expect_size(said[list], ids.size());
  auto record = said[0].begin(), definition = said[1].begin(), note = said[2].begin();
  auto waits = said[3].begin(), active = said[4].begin(), skip_at = said[5].begin();
  auto carried = said[6].begin();
  for (std::size_t k = 0; k < ids.size();
       ++k, ++record, ++definition, ++note, ++waits, ++active, ++skip_at, ++carried) {
    if ((*record).is_null()) continue;
    const auto text = *definition, words = *note, next = *waits, skips = *skip_at;
    const auto packed = *record;
    const auto read = [&] {
      return read_record(ids[k], packed.text(), text.is_null() ? "" : text.text(),
                         words.is_null() ? "" : words.text(), skips.is_null() ? "" : skips.text());
    };
    auto& job = records[k] = readable("job", ids[k], read);
    if (!job) continue;
    if (!next.is_null()) job->next_waiting = instant{milliseconds{next.integer()}};
    job->active = static_cast<std::uint32_t>((*active).integer());
    const auto data = *carried;
    if (!data.is_null()) job->carried = data.text();
  }
  co_return records;
}

loop_awaitable<brief_page> job_backend::page(std::uint32_t partition, std::string after, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, 1'000);
  auto arguments = head();
  arguments.add(after).add(limit);
  const auto said = co_await run(partition, scripts::page, std::move(arguments));
  for (const std::size_t list : {1u, 2u}) expect_size(said[list], said[0].size());
  brief_page page;
  auto record = said[1].begin(), waits = said[2].begin();
  for (const auto id : said[0]) {
    const auto packed = *record;
    const auto read = [&] { return read_brief(id.text(), packed.text(), (*waits).integer() != 0); };
    if (!packed.is_null()) {
      if (auto brief = readable("job", id.text(), read)) page.jobs.push_back(*std::move(brief));
    }
    ++record;
    ++waits;
  }
  if (said[0].size() == limit) page.next_after = std::string{said[0][limit - 1].text()};
  co_return page;
}

/// Ids of a partition that fit, read ahead.
struct job_backend::ids_of_partition {
  std::uint32_t partition = 0;
  std::string from;               ///< As `list.lua` wants it: where the next look begins.
  std::vector<job_record> found;  ///< In the order of their ids.
  std::size_t next = 0;           ///< The first of `found` that has not been taken.
  bool over = false;              ///< There are no more than those in `found`.

  bool empty() const noexcept { return next == found.size(); }
};

loop_awaitable<void> job_backend::fill(ids_of_partition& from, const job_query& query, std::size_t limit) {
  while (from.empty() && !from.over) {
    auto arguments = head();
    arguments.add(from.from).add(query.id_prefix).add(limit);
    if (query.state)
      arguments.add(static_cast<int>(*query.state));
    else
      arguments.add("");
    arguments.add(query.task);
    const auto said = co_await run(from.partition, scripts::list, std::move(arguments));
    from.over = said[1].is_null();
    if (!from.over) from.from = "(" + std::string{said[1].text()};
    std::vector<std::string> ids;
    for (const auto id : said[0]) ids.emplace_back(id.text());
    auto records = co_await load(from.partition, ids);
    from.found.clear();
    from.next = 0;
    for (auto& record : records) {
      if (record && has_all(record->definition->options->tags, query.tags))
        from.found.push_back(*std::move(record));
    }
  }
}

loop_awaitable<job_page> job_backend::list(const job_query& query) {
  const auto limit = std::max<std::size_t>(query.limit, 1);
  const auto ahead = std::clamp<std::size_t>(2 * limit / store_.partitions, 8, 100);
  std::vector<ids_of_partition> parts(store_.partitions);
  for (std::uint32_t partition = 0; partition < store_.partitions; ++partition) {
    parts[partition].partition = partition;
    parts[partition].from = query.after < query.id_prefix ? "[" + query.id_prefix : "(" + query.after;
  }
  job_page page;
  for (;;) {
    ids_of_partition* least = nullptr;
    for (auto& part : parts) {
      co_await fill(part, query, ahead);
      if (part.empty()) continue;
      if (!least || part.found[part.next].id() < least->found[least->next].id()) least = &part;
    }
    if (!least) break;
    if (page.jobs.size() == limit) {
      page.next_after = page.jobs.back().id();
      break;
    }
    page.jobs.push_back(std::move(least->found[least->next++]));
  }
  co_return page;
}

}  // namespace carillon::redis
