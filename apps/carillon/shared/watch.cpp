#include <carillon/time/system_clock.hpp>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <vector>

#include "carillon/commands/next.hpp"
#include "carillon/exit_code.hpp"
#include "carillon/shared/store_follower.hpp"
#include "carillon/shared/watch_story.hpp"
#include "carillon/store_access.hpp"

namespace carillon::app {
namespace {

class store_watch final : public store_follower {
 public:
  store_watch(const watch_request& request, const zone& where, std::ostream& out)
      : store_follower{request.store}, json_{request.json}, where_{where}, out_{out} {}

 private:
  void take(std::uint32_t partition, const redis::partition_news& news) override {
    add(story_.take(partition, news, store().partitions));
  }
  void take(const members_answer& members) override { add(story_.take(members)); }
  void forget_store() override { story_.forget_runs(); }

  void end_round() override {
    sort_lines(lines_);
    for (const auto& line : lines_) print(line);
    lines_.clear();
    out_.flush();
  }
  void tell(std::string_view event, std::string_view words) override {
    print(line_about_store(system_clock{}.now(), event, words));
    out_.flush();
  }

  void add(std::vector<watch_line> lines) { std::ranges::move(lines, std::back_inserter(lines_)); }
  void print(const watch_line& line) {
    out_ << (json_ ? line.to_json(where_) : line.to_string(where_)) << '\n';
  }

  const bool json_;
  const zone where_;
  std::ostream& out_;
  watch_story story_;
  std::vector<watch_line> lines_;
};

}  // namespace

int run_watch(const watch_request& request, std::ostream& out, std::ostream& err) {
  return guarded(request.zone, request.json, err, [&](const zone& where) -> int {
    store_watch{request, where, out}.run();
    return exit_code::done;
  });
}

}  // namespace carillon::app
