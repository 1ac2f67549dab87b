#include <carillon/event/event_filter.hpp>

namespace carillon {

event_filter& event_filter::of_job(std::string id) {
  job_ = std::move(id);
  return *this;
}

event_filter& event_filter::of_run(std::string id) {
  run_ = std::move(id);
  return *this;
}

event_filter& event_filter::with_tag(std::string tag) {
  tag_ = std::move(tag);
  return *this;
}

event_filter& event_filter::of_instance(std::string name) {
  instance_ = std::move(name);
  return *this;
}

event_filter& event_filter::of_store(std::string alias) {
  store_ = std::move(alias);
  return *this;
}

event_filter& event_filter::where(condition holds) {
  holds_ = !holds_ ? std::move(holds) : [first = std::move(holds_), then = std::move(holds)](const event& e) {
    return first(e) && then(e);
  };
  return *this;
}

bool event_filter::operator()(const event& happened) const {
  return (kinds_ & mask(happened.kind)) != 0 && (job_.empty() || job_ == happened.job) &&
         (run_.empty() || run_ == happened.run) && (tag_.empty() || happened.has_tag(tag_)) &&
         (instance_.empty() || instance_ == happened.instance) &&
         (store_.empty() || store_ == happened.store) && (!holds_ || holds_(happened));
}

}  // namespace carillon
