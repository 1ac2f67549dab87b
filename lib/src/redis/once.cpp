#include <fmt/format.h>

#include <carillon/redis/link.hpp>
#include <carillon/redis/once.hpp>
#include <utility>

#include "redis/scripts.hpp"
#include "redis/shared_lock.hpp"

namespace carillon::redis {

once_keys::once_keys(link& through)
    : link_{through.state()},
      prefix_{fmt::format("carillon:{{{}:once:", link_->name_space())},
      suffix_{"}"} {}

once_keys::once_keys(link& through, std::string prefix)
    : link_{through.state()}, prefix_{std::move(prefix)} {}

void once_keys::start_claim(std::string key, once_options how, detail::completion_handler<once_claim> done) {
  if (auto fault = fault_of_lease(how.lease))
    return fail_to_start<once_claim>(*link_, std::move(done), std::move(fault));
  const auto desk = link_->locks();
  if (!desk) return fail_to_start<once_claim>(*link_, std::move(done), link_is_gone());

  const auto whole = prefix_ + key + suffix_;
  // A key without braces is its own hash tag, so that both are in one slot.
  const auto waiters = suffix_.empty() ? fmt::format("{{{}}}:waiters", whole) : whole + ":waiters";
  desk_question question;
  question.limit = std::max(how.wait, milliseconds{0});
  auto& terms = question.terms;
  terms.keys = words(whole, waiters);
  terms.token = desk->next_token();
  terms.duration = how.lease;
  terms.renew = &scripts::once_renew;
  terms.renew_with = words(terms.token, how.lease.count());
  terms.leave = &scripts::once_free;
  terms.leave_with = words(terms.token, desk->channels());
  question.ask = &scripts::once_claim;
  question.ask_with = words(terms.token, how.lease.count(), question.limit == milliseconds{0} ? 0 : 1);
  ask_desk<once_claim>(desk, std::move(question), std::move(done),
                       [desk](detail::completer<once_claim>& complete, desk_answer what) {
                         once_claim claim;
                         if (what.done_before) claim.what = once_outcome::done_before;
                         if (what.granted) {
                           claim.what = once_outcome::ran;
                           claim.mine = std::make_shared<lease_hold>(desk, std::move(what.granted));
                         }
                         complete(std::move(what.failure), std::move(claim));
                       });
}

}  // namespace carillon::redis
