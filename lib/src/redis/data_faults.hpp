#pragma once
#include <carillon/redis/inspection.hpp>
#include <cstdint>
#include <string_view>

namespace carillon::redis {

/// `unreadable` for a name that is none.
data_fault_kind data_fault_named(std::string_view name) noexcept;

/// Whether a key of a partition has a time to live, by what stands behind its hash tag ("due", "wait:ID").
enum class key_life : std::uint8_t { lasting, temporary, unknown };
key_life life_of(std::string_view name_in_partition) noexcept;

}  // namespace carillon::redis
