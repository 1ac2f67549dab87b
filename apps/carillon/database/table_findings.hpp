#pragma once
#include <carillon/sql/inspection.hpp>

#include <string>
#include <vector>

#include "carillon/doctor_findings.hpp"

namespace carillon::app {

/// What is wrong in the tables of a store, and who was not dropped yet: a pure function.
std::vector<finding> findings_in_tables(const sql::store_look& seen);

}  // namespace carillon::app
