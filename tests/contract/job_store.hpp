#pragma once
#include <memory>

#include "contract/claim_rules.hpp"
#include "contract/finish_rules.hpp"
#include "contract/follow_rules.hpp"
#include "contract/job_rules.hpp"
#include "contract/ledger_rules.hpp"
#include "contract/overlap_rules.hpp"
#include "contract/result_rules.hpp"
#include "contract/store_world.hpp"
#include "contract/take_rules.hpp"

namespace carillon::contract {

/// Puts a store through everything that job_store.hpp promises; called from a test case. Each rule gets a
/// store of its own. No rule waits: what time it is, a request says.
inline void keeps_the_contract_of_job_store(const store_factory& make) {
  for (const auto& part :
       {job_rules, claim_rules, overlap_rules, take_rules, finish_rules, follow_rules, ledger_rules}) {
    for (const auto& each : part()) {
      SUBCASE(each.says) {
        const auto under = make();
        if (part == follow_rules && !under->runs_jobs_after_others()) continue;
        world w{*under};
        each.holds(w);
      }
    }
  }
}

/// The same for what runs leave behind: values, ends that somebody waits for, data that a job carries.
inline void keeps_the_contract_of_results(const store_factory& make) {
  for (const auto& part : {data_rules, awaiting_rules}) {
    for (const auto& each : part()) {
      SUBCASE(each.says) {
        const auto under = make();
        world w{*under};
        each.holds(w);
      }
    }
  }
}

}  // namespace carillon::contract
