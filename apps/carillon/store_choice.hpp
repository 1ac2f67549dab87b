#pragma once
#include <string>

#include "carillon/store_session.hpp"

namespace carillon::app {

/// The URL that was given, else that of the environment variable CARILLON_STORE, when it can be one of a
/// shared store. Errors: throws `wrong_argument` if it cannot, or if there is none.
std::string chosen_store(const std::string& given);

/// Makes the object for the store of a URL.
/// @param create Whether opening it creates a store where there is none.
store_maker maker_of(std::string url, bool create);

}  // namespace carillon::app
