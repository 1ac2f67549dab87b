#pragma once
#include <carillon/store/job_store.hpp>
#include <cstdint>
#include <string>

namespace carillon::testing {

/// Of who opens a store and wants to hear nothing.
struct deaf_listener final : store_listener {
  void on_job_changed(const std::string&, std::uint64_t) override {}
};

}  // namespace carillon::testing
