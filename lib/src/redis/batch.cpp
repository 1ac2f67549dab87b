#include "redis/batch.hpp"

#include <charconv>

namespace carillon::redis {

namespace {

using boost::redis::resp3::type;

reply_nodes::kind kind_of(type what) {
  switch (what) {
    case type::array:
    case type::push:
    case type::set:
    case type::map:
    case type::attribute: return reply_nodes::kind::list;
    case type::simple_error:
    case type::blob_error: return reply_nodes::kind::error;
    case type::number: return reply_nodes::kind::integer;
    case type::null: return reply_nodes::kind::null;
    default: return reply_nodes::kind::text;
  }
}

}  // namespace

// A batch whose connection is lost fails as a whole, whether it was written or not: nothing is sent twice
// behind the back of its callers, nor long after they have given up.
batch::batch(std::uint64_t number)
    : number_{number}, request_{boost::redis::request::config{true, false, true, false}} {}

batch::~batch() {
  for (auto* each : calls_) {
    if (each != nullptr) each->sent_with = nullptr;
  }
}

call::~call() {
  if (sent_with != nullptr) sent_with->forget(*this);
}

void batch::add(call& which, std::vector<std::string_view>& scratch) {
  scratch.clear();
  const auto& arguments = *which.arguments;
  if (which.how == call::form::words) {
    if (arguments.size() == 1) {
      request_.push(arguments[0]);
    } else {
      for (std::size_t i = 1; i < arguments.size(); ++i) scratch.push_back(arguments[i]);
      request_.push_range(arguments[0], scratch.begin(), scratch.end());
    }
  } else {
    const bool by_sha = which.how == call::form::by_sha;
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, which.keys->size()).ptr;
    scratch.push_back(by_sha ? which.script->sha1 : which.script->source);
    scratch.emplace_back(digits, static_cast<std::size_t>(end - digits));
    for (std::size_t i = 0; i < which.keys->size(); ++i) scratch.push_back((*which.keys)[i]);
    for (std::size_t i = 0; i < arguments.size(); ++i) scratch.push_back(arguments[i]);
    request_.push_range(by_sha ? "EVALSHA" : "EVAL", scratch.begin(), scratch.end());
  }
  which.sent_with = this;
  which.sent = number_;
  which.place = calls_.size();
  calls_.push_back(&which);
}

boost::redis::any_adapter batch::adapter() {
  using event = boost::redis::any_adapter::parse_event;
  return boost::redis::any_adapter(
      [this](event what, const boost::redis::resp3::node_view& each, boost::system::error_code&) {
        if (what == event::node) take_node(each);
        if (what == event::done) end_message();
      });
}

void batch::take_node(const boost::redis::resp3::node_view& each) {
  auto& nodes = answers_->nodes;
  const auto at = static_cast<std::uint32_t>(nodes.size());
  if (each.depth == 0) tops_.push_back(at);
  for (; open_.size() > each.depth; open_.pop_back()) nodes[open_.back()].end = at;
  open_.push_back(at);

  auto& node = nodes.emplace_back();
  node.what = kind_of(each.data_type);
  if (node.what == reply_nodes::kind::list) {
    const std::size_t for_each = each.data_type == type::map || each.data_type == type::attribute ? 2 : 1;
    node.length = static_cast<std::uint32_t>(each.aggregate_size * for_each);
    return;
  }
  if (node.what == reply_nodes::kind::integer) {
    std::from_chars(each.value.data(), each.value.data() + each.value.size(), node.number);
    return;
  }
  node.text = static_cast<std::uint32_t>(answers_->text.size());
  node.length = static_cast<std::uint32_t>(each.value.size());
  answers_->text += each.value;
}

void batch::end_message() {
  const auto end = static_cast<std::uint32_t>(answers_->nodes.size());
  for (const auto at : open_) answers_->nodes[at].end = end;
  open_.clear();
  ++complete_;
}

call* batch::take(std::size_t place) {
  call* const which = calls_[place];
  calls_[place] = nullptr;
  if (which == nullptr) return nullptr;
  which->sent_with = nullptr;
  if (answered(place)) which->answer.emplace(answers_, tops_[place]);
  return which;
}

}  // namespace carillon::redis
