#pragma once
#include <string>

#include "carillon/store_session.hpp"

namespace carillon::app {

/// The URL that was given, else that of the environment variable CARILLON_STORE, when it can be one of a
/// shared store. Errors: throws `wrong_argument` if it cannot, or if there is none.
std::string chosen_store(const std::string& given);

/// Makes the store of a URL.
store_maker maker_of(std::string url);

}  // namespace carillon::app
