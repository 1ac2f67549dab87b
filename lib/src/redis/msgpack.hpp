#pragma once
#include <carillon/time/instant.hpp>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace carillon::redis {

/// Writes MessagePack, the part of it that Lua's cmsgpack and `unpacker` read: whole numbers, texts, lists,
/// and false for what is not there (nil would end a Lua list).
class packer {
 public:
  /// The next `size` values are one list.
  packer& list(std::size_t size);
  packer& add(std::string_view text);
  packer& add(const char* text) { return add(std::string_view{text}); }
  template <std::integral Number>
  packer& add(Number number) {
    if constexpr (std::unsigned_integral<Number>)
      return add_unsigned(number);
    else
      return number < 0 ? add_negative(number) : add_unsigned(static_cast<std::uint64_t>(number));
  }
  packer& add(bool) = delete;  // Lua's scripts take 0 and 1: 0 is true there.
  packer& add(instant time) { return add(time.time_since_epoch().count()); }
  packer& add(std::optional<instant> time) { return time ? add(*time) : none(); }
  packer& none();

  const std::string& text() const noexcept { return text_; }
  std::string take() noexcept { return std::move(text_); }

 private:
  packer& add_unsigned(std::uint64_t number);
  packer& add_negative(std::int64_t number);
  void put(std::uint64_t value, int bytes);

  std::string text_;
};

/// Reads it, value by value. Errors: throws `system_error` with `errc::store_refused` where something else is
/// there than is asked for. Lifetime: views into the text it reads.
class unpacker {
 public:
  explicit unpacker(std::string_view text) noexcept : rest_{text} {}

  /// How many of the next values are in the list.
  std::size_t list();
  std::int64_t integer();
  std::uint64_t number() { return static_cast<std::uint64_t>(integer()); }
  std::string_view text();
  instant time() { return instant{milliseconds{integer()}}; }
  std::optional<instant> optional_time();
  /// Whether nothing is there; it is passed over then.
  bool none();
  bool at_end() const noexcept { return rest_.empty(); }

 private:
  std::uint8_t byte();
  std::uint64_t bytes(int count);
  std::string_view piece(std::size_t size);

  std::string_view rest_;
};

}  // namespace carillon::redis
