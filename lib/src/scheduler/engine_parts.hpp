#pragma once
#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include "scheduler/engine.hpp"

namespace carillon {

/// A run that this instance has won.
struct engine::taken_run {
  instant occurrence;
  instant due;
  std::uint32_t attempt = 1;
  std::uint64_t fence = 0;
  std::string_view id;
  std::string_view carried;  ///< `job_record::carried`.
  followed_run_ptr follows{};
};

/// A claim, from the plan to the answer: together, so that what the request refers to lives as long.
struct engine::claim_work {
  std::uint16_t round = 0;  ///< `job_entry::round` when it was planned.
  fire_plan plan;
  boost::container::small_vector<run_ids::text, 1> ids;
  claim_request request;
};

/// A finish that waits for its store: with copies of what the report refers to.
struct engine::finish_work {
  std::string id, run_id, member, value;
  std::optional<std::string> carry;
  outcome result;
  run_report report;
  std::exception_ptr thrown;
  job_entry* job = nullptr;  ///< Null: the job is gone, and only its store is to know.
};

/// Keeps the notice of a change that this instance makes from having the job loaded once more.
class engine::own_change {
 public:
  own_change(engine& owner, const std::string& id) : owner_{owner}, id_{id}, seed_{seed_of(id)} {
    if (owner_.shared_) ++owner_.changing_[seed_].changes;
  }
  ~own_change() {
    if (!owner_.shared_) return;
    const auto heard = owner_.changing_.find(seed_);
    if (--heard->second.changes > 0) return;
    const auto number = heard->second.number;
    owner_.changing_.erase(heard);
    if (number > known_) owner_.on_job_changed(id_, number);
  }
  own_change(const own_change&) = delete;
  own_change& operator=(const own_change&) = delete;

  /// What was answered is of this revision.
  void knows(std::uint64_t revision) { known_ = revision; }

 private:
  engine& owner_;
  const std::string& id_;
  std::uint64_t seed_;
  std::uint64_t known_ = 0;
};

}  // namespace carillon
