#include "carillon/config_after.hpp"

#include <fmt/format.h>
#include <carillon/job/job.hpp>
#include <carillon/trigger/after.hpp>

#include <array>
#include <string>

namespace carillon::app {
namespace {

constexpr std::array all_ends{on_end::success, on_end::failure, on_end::either};
constexpr std::string_view how_it_is_written =
    "after = \"import\", or after = { job = \"import\", on = \"failure\" }";

std::optional<trigger> predecessor_in(config_section& section, const toml::node& node) {
  const auto before = section.source().found.size();
  std::optional<std::string> job = node.value<std::string>();
  auto ends = on_end::success;
  if (const auto* table = node.as_table()) {
    config_section inside{section.source(), *table, "after"};
    job = inside.text("job");
    if (!job && inside.node("job") == nullptr)
      section.complain(node, "after has no job", std::string{how_it_is_written});
    if (const auto place =
            inside.choice("on", {name(on_end::success), name(on_end::failure), name(on_end::either)}))
      ends = all_ends[*place];
    inside.finish();
  } else if (!node.is_string()) {
    section.complain(node, "after must name a job", std::string{how_it_is_written});
  }
  if (!job || section.source().found.size() > before) return std::nullopt;
  if (const auto fault = fault_of_id(*job)) {
    section.complain(node, fmt::format("after '{}': {}", shown(*job), *fault));
    return std::nullopt;
  }
  return after(*job, ends);
}

}  // namespace

std::optional<trigger> read_after(config_section& section) {
  const auto* node = section.node("after");
  if (node == nullptr) return std::nullopt;
  const auto* list = node->as_array();
  if (list == nullptr) return predecessor_in(section, *node);
  std::optional<trigger> any;
  bool is_fine = true;
  for (const auto& element : *list) {
    const auto one = predecessor_in(section, element);
    is_fine = is_fine && one;
    if (one) any = any ? *any || *one : *one;
  }
  if (list->empty()) section.complain(*node, "after must name a job", std::string{how_it_is_written});
  return is_fine ? any : std::nullopt;
}

toml::table predecessor_of(std::string_view given) {
  toml::table table;
  for (const auto ends : all_ends) {
    const auto suffix = fmt::format(":{}", name(ends));
    if (!given.ends_with(suffix)) continue;
    given.remove_suffix(suffix.size());
    table.insert_or_assign("on", name(ends));
    break;
  }
  table.insert_or_assign("job", given);
  return table;
}

}  // namespace carillon::app
