#pragma once
#include <carillon/job/job.hpp>
#include <carillon/store/ledger.hpp>
#include <carillon/store/member.hpp>
#include <carillon/time/zone.hpp>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <vector>

namespace carillon::app {

/// What `--json` says of a job: times as RFC 3339 in `where`, null where there is none.
boost::json::object job_json(const job_record& job, const zone& where);

/// What `--json` says of an entry of the ledger. Members that do not apply are left out.
boost::json::object entry_json(const ledger_entry& entry, const zone& where);

/// RFC 3339, or null.
boost::json::value time_json(const std::optional<instant>& time, const zone& where);

}  // namespace carillon::app
