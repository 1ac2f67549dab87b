// What an instance sees of the simulated store: each call goes through its link, with all that it needs to
// take effect long after its caller has given up.

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "store/owned_steps.hpp"
#include "support/simulated_store.hpp"

namespace carillon::testing {

// What is under way refers to the store alone: an instance may be gone when its request arrives.

class simulated_jobs final : public job_backend {
 public:
  simulated_jobs(simulated_store& store, simulated_link& link) : store_{store}, link_{link} {}
  ~simulated_jobs() override { forget(); }

  loop_awaitable<store_identity> open(std::uint32_t partitions, backend_listener& listener) override {
    const loop_executor where = co_await boost::asio::this_coro::executor;
    std::function<store_identity()> effect = [&store = store_, partitions] {
      return open_now(store, partitions);
    };
    const auto identity = co_await link_.call<store_identity>(std::move(effect));
    identity_ = identity;
    listen(listener, where);
    co_return identity;
  }
  loop_awaitable<void> close() override {
    forget();
    co_return;
  }

  loop_awaitable<std::vector<step_answer<put_answer>>> add(std::uint32_t,
                                                           std::span<const add_step> steps) override {
    std::vector<std::pair<job_record, on_conflict>> owned;
    for (const auto& step : steps) owned.emplace_back(*step.job, step.policy);
    return ask<std::vector<step_answer<put_answer>>>([&store = store_, owned = std::move(owned)] {
      std::vector<step_answer<put_answer>> answers;
      for (const auto& each : owned) {
        answers.push_back(store.change([each](simulated_store::server& there) {
          auto copy = each.first;
          auto answer = there.jobs->add(std::move(copy), each.second);
          if (answer.handle) there.by_birth[answer.revision] = std::exchange(answer.handle, nullptr);
          return answer;
        }));
      }
      return answers;
    });
  }
  loop_awaitable<change_answer> update(std::string id, std::uint64_t expected_revision,
                                       const job_change& change) override {
    return ask<change_answer>([&store = store_, id = std::move(id), expected_revision, change] {
      return store.change([id, expected_revision, change](simulated_store::server& there) {
        auto copy = change;
        return there.jobs->update(id, expected_revision, std::move(copy));
      });
    });
  }
  loop_awaitable<change_answer> remove(std::string id, std::optional<std::uint64_t> expected_revision,
                                       bool tombstone) override {
    return ask<change_answer>([&store = store_, id = std::move(id), expected_revision, tombstone] {
      const auto there = store.jobs().load(id);
      const auto answer = store.change([id, expected_revision, tombstone](simulated_store::server& from) {
        return from.jobs->remove(id, expected_revision, tombstone);
      });
      if (answer == change_answer::done) store.removed.push_back(there->record);
      return answer;
    });
  }
  loop_awaitable<std::uint64_t> enqueue(const extra_run& run) override {
    return ask<std::uint64_t>([&store = store_, run = run, id = std::string{run.id}] {
      return store.change([run, id](simulated_store::server& there) {
        auto named = run;
        named.id = id;
        return there.jobs->enqueue(named);
      });
    });
  }
  loop_awaitable<awaited_end> end_of(std::string id, std::uint64_t number) override {
    return ask<awaited_end>(
        [&store = store_, id = std::move(id), number] { return store.jobs().end_of(id, number); });
  }
  loop_awaitable<std::optional<std::string>> result(std::string id, std::string run_id,
                                                    instant now) override {
    return ask<std::optional<std::string>>([&store = store_, id = std::move(id), run_id = std::move(run_id),
                                            now] { return store.jobs().result(id, run_id, now); });
  }
  loop_awaitable<std::vector<std::optional<job_record>>> load(std::uint32_t,
                                                              std::span<const std::string> ids) override {
    std::vector<std::string> owned{ids.begin(), ids.end()};
    return ask<std::vector<std::optional<job_record>>>([&store = store_, owned = std::move(owned)] {
      std::vector<std::optional<job_record>> jobs;
      for (const auto& id : owned) jobs.push_back(store.load(id));
      return jobs;
    });
  }
  loop_awaitable<brief_page> page(std::uint32_t partition, std::string after, std::size_t limit) override {
    return ask<brief_page>([&store = store_, partition, after = std::move(after), limit] {
      return store.page(partition, after, limit);
    });
  }
  loop_awaitable<job_page> list(const job_query& query) override {
    return ask<job_page>([&store = store_, query] { return store.jobs().list(query); });
  }
  loop_awaitable<ledger_page> history(const ledger_query& query) override {
    return ask<ledger_page>([&store = store_, query] { return store.jobs().history(query); });
  }

  loop_awaitable<std::vector<step_answer<claim_answer>>> claim(std::uint32_t, std::string_view member,
                                                               std::span<const claim_step> steps) override {
    store_.steps += steps.size();
    return ask<std::vector<step_answer<claim_answer>>>(
        [&store = store_, who = std::string{member}, all = own<owned_claim>(steps)]() mutable {
          std::vector<step_answer<claim_answer>> answers;
          for (auto& step : all) {
            if (store.broken.any_cursor) store.accept_any_cursor(step.get(who));
            answers.push_back(store.change([step, who](simulated_store::server& there) mutable {
              return there.claim(step.get(who), step.born);
            }));
          }
          return answers;
        });
  }
  loop_awaitable<std::vector<step_answer<take_answer>>> take(std::uint32_t, std::string_view member,
                                                             std::span<const take_step> steps) override {
    store_.steps += steps.size();
    return ask<std::vector<step_answer<take_answer>>>(
        [&store = store_, who = std::string{member}, all = own<owned_take>(steps)]() mutable {
          std::vector<step_answer<take_answer>> answers;
          for (auto& step : all) {
            answers.push_back(store.change([step, who](simulated_store::server& there) mutable {
              return there.take(step.get(who), step.born);
            }));
          }
          return answers;
        });
  }
  loop_awaitable<std::vector<step_answer<finish_answer>>> finish(
      std::uint32_t, std::span<const finish_step> steps) override {
    store_.steps += steps.size();
    return ask<std::vector<step_answer<finish_answer>>>(
        [&store = store_, all = own<owned_finish>(steps)]() mutable {
          std::vector<step_answer<finish_answer>> answers;
          for (auto& step : all) {
            if (store.broken.any_fence) store.accept_any_fence(step.get());
            answers.push_back(store.change([step](simulated_store::server& there) mutable {
              return there.finish(step.get(), step.born);
            }));
            store.tell_finished(step.get(), answers.back());
          }
          return answers;
        });
  }
  loop_awaitable<std::vector<bool>> reap(std::uint32_t, std::span<const reap_step> steps, instant) override {
    return ask<std::vector<bool>>([&store = store_, all = own<owned_reap>(steps)] {
      std::vector<bool> ended;
      for (const auto& step : all) {
        const bool was_active = store.change([step](simulated_store::server& there) {
          return there.jobs->reap(step.id, step.run_id, step.fence, step.why);
        });
        ended.push_back(was_active);
      }
      return ended;
    });
  }
  loop_awaitable<std::size_t> ask_to_stop(std::string id, std::string run_id, cancel_reason why) override {
    return ask<std::size_t>([&store = store_, id = std::move(id), run_id = std::move(run_id), why] {
      const auto asked = store.change([id, run_id, why](simulated_store::server& there) {
        return there.jobs->ask_to_stop(id, run_id, why);
      });
      for (const auto* run : asked) {
        for (const auto& tell : store.on_stop_) tell(*run->member, run->id, why);
      }
      return asked.size();
    });
  }
  loop_awaitable<partition_look> look(std::uint32_t partition, instant now) override {
    return ask<partition_look>([&store = store_, partition, now] { return store.look(partition, now); });
  }
  loop_awaitable<group_answer> share_group(std::string member, const group_request& request) override {
    return ask<group_answer>([&store = store_, member = std::move(member), request] {
      return store.share_group(member, request);
    });
  }
  bool keeps_ends() const noexcept override { return true; }
  /// It looks for followers itself.
  loop_awaitable<bool> add_follower(predecessor, std::string) override { co_return true; }
  loop_awaitable<std::vector<kept_end>> ends(std::uint32_t partition) override {
    return ask<std::vector<kept_end>>([&store = store_, partition] { return store.ends(partition); });
  }
  loop_awaitable<std::vector<step_answer<follow_answer>>> follow(
      std::uint32_t, std::span<const follow_step> steps) override {
    return ask<std::vector<step_answer<follow_answer>>>(
        [&store = store_, all = own<owned_follow>(steps)]() mutable {
          std::vector<step_answer<follow_answer>> answers;
          for (auto& step : all) {
            if (store.broken.any_end) step.end.number = store.jobs().last_number() + 1;
            answers.push_back(store.change([step](simulated_store::server& there) {
              return there.jobs->follow({step.id, &step.end, step.now});
            }));
          }
          return answers;
        });
  }
  loop_awaitable<bool> drop_ends(std::uint32_t partition, std::uint64_t through) override {
    return ask<bool>([&store = store_, partition, through] {
      return store.change(
          [partition, through, count = store.identity_.partitions](simulated_store::server& of) {
            of.jobs->drop_ends([=](const kept_end& end) {
              return end.number <= through && partition_of(end.what->job, count) == partition;
            });
            return true;
          });
    });
  }

 private:
  template <typename T, typename Effect>
  loop_awaitable<T> ask(Effect effect) {
    ++store_.calls;
    return link_.call<T>([&store = store_, effect = std::move(effect), identity = identity_]() mutable {
      store.expect(identity);
      return effect();
    });
  }

  static store_identity open_now(simulated_store& store, std::uint32_t partitions) {
    if (!store.master_.jobs) store.create(partitions == 0 ? 64 : partitions);
    if (partitions != 0 && partitions != store.identity_.partitions) {
      throw boost::system::system_error(errc::store_refused, "it has another number of partitions");
    }
    return store.identity_;
  }

  /// What the store tells goes through the link, and arrives on the executor that opened this.
  template <typename Call>
  void tell(Call call) {
    link_.notify([where = where_, alive = alive_, listener = listener_, call = std::move(call)] {
      boost::asio::post(*where, [alive, listener, call] {
        if (*alive) call(*listener);
      });
    });
  }
  void listen(backend_listener& listener, const loop_executor& where) {
    forget();
    alive_ = std::make_shared<bool>(true);
    where_ = where;
    listener_ = &listener;
    change_ = store_.on_change_.insert(store_.on_change_.end(), [this](const simulated_store::notice& news) {
      tell([news](backend_listener& to) { to.on_change(news.partition, news.number, news.job); });
    });
    stop_ = store_.on_stop_.insert(
        store_.on_stop_.end(), [this](const std::string& member, const std::string& run, cancel_reason why) {
          tell([member, run, why](backend_listener& to) { to.on_stop_asked(member, run, why); });
        });
    group_ = store_.on_group_.insert(
        store_.on_group_.end(), [this](const std::string& member, const std::string& group) {
          tell([member, group](backend_listener& to) { to.on_group_place(member, group); });
        });
    members_ = store_.on_members_.insert(
        store_.on_members_.end(), [this] { tell([](backend_listener& to) { to.on_members_changed(); }); });
    link_.on_reachable = [where, alive = alive_, &listener](bool reachable) {
      boost::asio::post(where, [alive, reachable, &listener] {
        if (!*alive) return;
        listener.on_reachable(reachable, reachable ? "" : "the simulated link is cut");
        if (reachable) listener.on_gap();
      });
    };
  }
  void forget() {
    if (!alive_ || !std::exchange(*alive_, false)) return;
    store_.on_change_.erase(change_);
    store_.on_stop_.erase(stop_);
    store_.on_members_.erase(members_);
    store_.on_group_.erase(group_);
    link_.on_reachable = nullptr;
  }

  simulated_store& store_;
  simulated_link& link_;
  store_identity identity_;
  std::optional<loop_executor> where_;
  backend_listener* listener_ = nullptr;
  std::shared_ptr<bool> alive_;
  decltype(simulated_store::on_change_)::iterator change_;
  decltype(simulated_store::on_stop_)::iterator stop_;
  decltype(simulated_store::on_members_)::iterator members_;
  decltype(simulated_store::on_group_)::iterator group_;
};

class simulated_members final : public member_backend {
 public:
  simulated_members(simulated_store& store, simulated_link& link) : store_{store}, link_{link} {}

  loop_awaitable<members_answer> join(const member_info& me, milliseconds lease,
                                      store_identity expected) override {
    return link_.call<members_answer>(
        [&store = store_, me, lease, expected] { return store.heartbeat(me, lease, expected, true); });
  }
  loop_awaitable<members_answer> heartbeat(const member_info& me, milliseconds lease,
                                           store_identity expected) override {
    return link_.call<members_answer>(
        [&store = store_, me, lease, expected] { return store.heartbeat(me, lease, expected, false); });
  }
  loop_awaitable<void> leave(std::string member) override {
    std::function<bool()> effect = [&store = store_, member = std::move(member)] {
      if (store.members_.erase(member) > 0) store.members_changed();
      return true;
    };
    co_await link_.call<bool>(std::move(effect));
  }
  loop_awaitable<members_answer> members() override {
    return link_.call<members_answer>([&store = store_] { return store.members(); });
  }
  loop_awaitable<void> publish_work(const served_work& work) override {
    auto copy = std::make_shared<const served_work>(work);
    std::function<bool()> effect = [&store = store_, copy] {
      store.works_[copy->digest()] = copy;
      return true;
    };
    co_await link_.call<bool>(std::move(effect));
  }
  loop_awaitable<std::shared_ptr<const served_work>> fetch_work(std::uint64_t digest) override {
    return link_.call<std::shared_ptr<const served_work>>([&store = store_, digest] {
      const auto known = store.works_.find(digest);
      return known == store.works_.end() ? nullptr : known->second;
    });
  }

 private:
  simulated_store& store_;
  simulated_link& link_;
};

std::unique_ptr<job_backend> simulated_store::jobs_through(simulated_link& link) {
  return std::make_unique<simulated_jobs>(*this, link);
}

std::unique_ptr<member_backend> simulated_store::members_through(simulated_link& link) {
  return std::make_unique<simulated_members>(*this, link);
}

std::shared_ptr<shared_store> simulated_store::store_through(simulated_link& link,
                                                             loop_executor member_executor,
                                                             std::shared_ptr<clock> time,
                                                             shared_store_options options) {
  const auto members = [this, &link](const loop_executor&) { return members_through(link); };
  return std::make_shared<shared_store>(jobs_through(link), members, std::move(member_executor),
                                        std::move(time), std::move(options));
}

}  // namespace carillon::testing
