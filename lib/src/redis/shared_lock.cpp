#include "redis/shared_lock.hpp"

#include <fmt/format.h>

#include <boost/system/system_error.hpp>
#include <stdexcept>
#include <utility>

#include "redis/background.hpp"
#include "redis/scripts.hpp"

namespace carillon::redis {

namespace {

lock_terms terms_of_lock(const lock_desk& desk, const std::string& prefix, std::string token,
                         std::size_t places, milliseconds lease) {
  lock_terms terms;
  terms.keys = words(prefix + ":holders", prefix + ":fences", prefix + ":queue", prefix + ":patience");
  terms.token = std::move(token);
  terms.duration = lease;
  terms.renew = &scripts::lock_renew;
  terms.renew_with = words(terms.token, lease.count(), places, desk.channels());
  terms.leave = &scripts::lock_leave;
  terms.leave_with = words(terms.token, places, desk.channels());
  return terms;
}

}  // namespace

void check_lock_name(const lock_name& which) {
  if (which.name.empty()) throw std::invalid_argument(fmt::format("name of a {}: empty", which.kind));
  if (which.places == 0)
    throw std::invalid_argument(fmt::format("places of semaphore '{}': 0; at least 1", which.name));
}

std::exception_ptr fault_of_lease(milliseconds lease) {
  if (lease >= milliseconds{100} && lease <= std::chrono::hours{24}) return nullptr;
  return std::make_exception_ptr(
      std::invalid_argument(fmt::format("lease {} ms: from 100 ms to 24 h", lease.count())));
}

std::exception_ptr link_is_gone() {
  return std::make_exception_ptr(boost::system::system_error(errc::stopped, "the link has gone"));
}

void start_shared_lock(link_state& through, const lock_name& which, lock_options how,
                       std::optional<milliseconds> limit, detail::completion_handler<detail::hold_ptr> done) {
  if (auto fault = fault_of_lease(how.lease))
    return fail_to_start<detail::hold_ptr>(through, std::move(done), std::move(fault));
  const auto desk = through.locks();
  if (!desk) return fail_to_start<detail::hold_ptr>(through, std::move(done), link_is_gone());

  const auto prefix = fmt::format("carillon:{{{}:{}:{}}}", through.name_space(), which.kind, which.name);
  desk_question question;
  question.terms = terms_of_lock(*desk, prefix, desk->next_token(), which.places, how.lease);
  question.ask = &scripts::lock_acquire;
  if (limit) question.limit = std::max(*limit, milliseconds{0});
  question.ask_with = words(question.terms.token, how.lease.count(), which.places,
                            question.limit == milliseconds{0} ? 0 : 1, desk->channels());
  ask_desk<detail::hold_ptr>(desk, std::move(question), std::move(done),
                             [desk](detail::completer<detail::hold_ptr>& complete, desk_answer what) {
                               detail::hold_ptr held;
                               if (what.granted)
                                 held = std::make_shared<lease_hold>(desk, std::move(what.granted));
                               complete(std::move(what.failure), std::move(held));
                             });
}

}  // namespace carillon::redis
