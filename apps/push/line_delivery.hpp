#pragma once
#include <spdlog/logger.h>

#include <carillon/time/zone.hpp>
#include <memory>
#include <string>

#include "push/delivery.hpp"
#include "push/receiver_health.hpp"

namespace carillon::pushes {

/// Writes each push as a line of JSON (`to_json`) to an open file, such as standard output, and waits while
/// its reader is slow: then nothing else goes on. Lifetime: the file stays open.
class line_delivery final : public delivery {
 public:
  /// @param name For messages: "standard output".
  /// @param logger Told when nothing can be written; null: nobody is. It must not write to that file.
  line_delivery(int file, std::string name, const zone& where,
                std::shared_ptr<spdlog::logger> logger = nullptr);

  loop_awaitable<delivered> deliver(const push& what) override;
  loop_awaitable<void> check() override;
  loop_awaitable<void> close() override;
  std::string describe() const override { return name_; }

 private:
  int file_;
  std::string name_;
  zone where_;
  std::shared_ptr<spdlog::logger> logger_;
  receiver_health health_;
};

}  // namespace carillon::pushes
