#include <carillon/job/shared_text.hpp>

namespace carillon {

const std::string& shared_text::str() const noexcept {
  static const std::string nothing;
  return rep_ ? rep_->text : nothing;
}

shared_text shared_text::of(std::string_view text) {
  shared_text made;
  if (!text.empty()) made.rep_ = new rep{text};
  return made;
}

}  // namespace carillon
