#include "push/service_keys.hpp"

#include <fmt/format.h>

#include <carillon/trigger/trigger.hpp>

namespace carillon::pushes {

namespace {

std::string name_of_service(const push_options& how) {
  std::string both = how.subscriptions;
  both += '\0';
  both += how.sent;
  return fmt::format("{:08x}", seed_of(both) & 0xffff'ffffU);
}

}  // namespace

service_keys::service_keys(std::string_view name_space, const push_options& how)
    : name{name_of_service(how)}, rich{how.rich.empty() ? how.subscriptions + ":rich" : how.rich} {
  const auto begun = fmt::format("carillon:{{{}}}:push:{}:", name_space, name);
  own_marks = begun + "sent:";
  open = begun + "open";
  dead = begun + "dead";
  instances = begun + "instances";
  definition = begun + "definition";
}

std::string service_keys::job(std::string_view what) const { return fmt::format("push/{}/{}", name, what); }

}  // namespace carillon::pushes
