#pragma once
#include <carillon/http/http_call.hpp>

#include "carillon/config_section.hpp"

namespace carillon::app {

/// Reads `http = { url = "…", … }` of a section into `call`; keys that are not given stay as they are.
/// Whether the keys go together is not looked at: `fault_of`.
void read_http(config_section& section, http_call& call);

}  // namespace carillon::app
