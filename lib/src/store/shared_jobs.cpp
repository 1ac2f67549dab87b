// Which jobs are this instance's, how it loads them, and which changes its scheduler hears of.

#include <algorithm>
#include <boost/asio/post.hpp>
#include <carillon/trigger/trigger.hpp>

#include "store/shared_repeat.hpp"

namespace carillon {

namespace {

constexpr std::size_t page_size = 1'000;
constexpr std::uint32_t partitions_at_once = 16;
constexpr char between = '\n';  // No id has control characters.
constexpr std::string_view over = "\x01";

/// Where loading stands: the first partition of a group, and of each in it the last id that was read, or
/// `over`. As text, for the scheduler to hold.
struct load_position {
  std::uint32_t first = 0;
  std::vector<std::string> after;

  static load_position parse(std::string_view text) {
    load_position at;
    if (text.empty()) return at;
    const auto number = text.substr(0, text.find(between));
    at.first = static_cast<std::uint32_t>(std::stoul(std::string{number}));
    text.remove_prefix(number.size());
    while (!text.empty()) {
      text.remove_prefix(1);
      at.after.emplace_back(text.substr(0, text.find(between)));
      text.remove_prefix(at.after.back().size());
    }
    return at;
  }
  std::string text() const {
    auto all = std::to_string(first);
    for (const auto& id : after) {
      all += between;
      all += id;
    }
    return all;
  }
};

}  // namespace

/// Partitions that are being read side by side.
struct shared_core::loading {
  explicit loading(const loop_executor& where, const job_store::known_job& is_known)
      : known{is_known}, news{where} {}
  const job_store::known_job& known;
  std::vector<loaded_job> jobs;
  std::size_t running = 0;
  std::exception_ptr failure;
  condition news;
};

bool shared_core::is_mine(std::uint32_t partition, std::string_view task, std::string_view executor) {
  if (!is_member() || !owners_.is_mine(partition, task, executor)) return false;
  concern(partition);
  return true;
}

/// From now on it is looked at.
void shared_core::concern(std::uint32_t partition) {
  if (partition >= partitions_.size() || std::exchange(partitions_[partition].concerns, true)) return;
  partitions_[partition].looked = time_->elapsed();
}

bool shared_core::owns(const job_record& job) {
  return is_mine(partition_of(job.id()), job.definition->task_name(), job.definition->options->executor);
}

/// Never from within a call of the scheduler's.
void shared_core::tell_changed(const std::string& id, std::uint64_t number) {
  boost::asio::post(strand_, [self = shared_from_this(), id, number] {
    if (self->listening_) self->listener_.on_job_changed(id, number);
  });
}

void shared_core::on_change(std::uint32_t partition, std::uint64_t seq, const job_brief& job) {
  const bool concerns_us = is_mine(partition, job.task, job.executor) || told_.contains(seed_of(job.id));
  if (concerns_us && listening_) listener_.on_job_changed(job.id, seq);
}

void shared_core::on_stop_asked(const std::string& member, const std::string& run_id, cancel_reason why) {
  if (!is_member() || lease_->member() != member) return;
  if (const auto* run = runs_.find(run_id); run && listening_) {
    const auto job = run->job, body = run->body.empty() ? run->run_id : run->body;
    listener_.on_stop_asked(job, body, why);
  } else {
    look_soon();  // Of a run whose claim is still under way.
  }
}

void shared_core::on_group_place(const std::string& member, const std::string& group) {
  if (is_member() && lease_->member() == member && listening_) listener_.on_group_place(group);
}

/// Changes may have been missed: of what we own, and of what has become ours.
void shared_core::on_gap() {
  gap_ = true;
  look_soon();
}

loop_awaitable<own_jobs> shared_core::load_own(std::string from, job_store::known_job is_known) {
  co_await until_usable();
  auto at = load_position::parse(from);
  if (at.after.empty()) at.after.resize(std::min(partitions_at_once, store_.partitions - at.first));
  loading all{strand_, is_known};
  for (std::uint32_t k = 0; k < at.after.size(); ++k) {
    if (at.after[k] == over || at.first + k >= store_.partitions) continue;
    ++all.running;
    tasks_.spawn(load_pages(at.first + k, at.after[k], all));
  }
  while (all.running > 0) co_await all.news.wait();
  if (all.failure) std::rethrow_exception(all.failure);
  own_jobs page;
  page.jobs = std::move(all.jobs);
  const bool group_over = std::ranges::all_of(at.after, [](const auto& id) { return id == over; });
  if (group_over) {
    at.first += static_cast<std::uint32_t>(at.after.size());
    at.after.clear();
  }
  if (at.first < store_.partitions) page.next = at.text();
  co_return page;
}

loop_awaitable<void> shared_core::load_pages(std::uint32_t partition, std::string& after, loading& into) {
  auto call = done(load_page(partition, after, into));
  const auto got = co_await attempted(std::move(call));
  if (got.failure) into.failure = got.failure;
  if (--into.running == 0) into.news.notify();
}

/// Reads which jobs there are, and loads those that are ours and not known.
loop_awaitable<void> shared_core::load_page(std::uint32_t partition, std::string& after, loading& into) {
  const auto call = [&] { return backend_->page(partition, after, page_size); };
  const auto page = co_await repeated(call);
  std::vector<std::string> wanted;
  for (const auto& job : page.jobs) {
    const bool ours = job.state != job_state::removed && is_mine(partition, job.task, job.executor);
    if (!ours) continue;
    told_.insert(seed_of(job.id));
    if (!into.known(job.id, job.revision)) wanted.push_back(job.id);
  }
  for (std::size_t i = 0; i < wanted.size(); i += most_steps) {
    const std::span<const std::string> ids{wanted.data() + i, std::min(most_steps, wanted.size() - i)};
    const auto load = [&] { return backend_->load(partition, ids); };
    auto records = co_await repeated(load);
    for (auto& record : records) {
      if (!record || record->state == job_state::removed) continue;
      if (backend_->keeps_ends() && record->definition->when.follows())
        co_await follow_others(record->definition);
      auto handle = shared_handle::of(*record->definition, record->born);
      into.jobs.push_back({std::move(*record), std::move(handle)});
    }
  }
  after = page.next_after.value_or(std::string{over});
}

}  // namespace carillon
