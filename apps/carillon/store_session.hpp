#pragma once
#include <carillon/async/loop.hpp>
#include <carillon/store/job_store.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "carillon/commands/command_context.hpp"

namespace carillon::app {

/// Makes a store on an event loop, not yet opened.
using store_maker = std::function<std::shared_ptr<job_store>(boost::asio::io_context&)>;

/// How a command that works on a store was asked for.
struct session_request {
  std::string zone;  ///< Empty: the machine's.
  bool json = false;
  std::vector<std::string> calendars;  ///< Configuration files with calendars that schedules may name.
  bool empty_if_none = false;          ///< A store that is not there is worked on as if it were an empty one.
};

/// Opens the store, runs `work`, closes it, and answers the exit code: that of the work, or of what went
/// wrong, which is printed. The store is only looked at and changed: no job runs here.
int run_on_store(const store_maker& make, const session_request& request,
                 const std::function<loop_awaitable<int>(command_context&)>& work, std::ostream& out,
                 std::ostream& err);

/// What to do where there is no store yet.
inline constexpr std::string_view how_a_store_begins =
    "carillon run FILE --store URL makes one when it starts, carillon jobs add --store URL with the first "
    "job; or ?namespace=NAME in the URL is another's.";

/// What happened, of an exception that a store throws, without its code.
std::string words_of_store(const boost::system::system_error& fault);

/// Runs `work`, and answers its exit code. What a store or what was asked for makes it throw is printed, with
/// what to do about it.
int guarded(bool json, std::ostream& err, const std::function<int()>& work);

/// The same for a command that shows times, in the zone of that name; empty: the machine's.
int guarded(const std::string& zone_name, bool json, std::ostream& err,
            const std::function<int(const zone&)>& work);

}  // namespace carillon::app
