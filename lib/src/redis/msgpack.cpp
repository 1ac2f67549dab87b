#include "redis/msgpack.hpp"

#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>

namespace carillon::redis {

namespace {

[[noreturn]] void not_packed(const char* expected) {
  throw boost::system::system_error(
      errc::store_refused,
      std::string{"a record in Redis is not as this version writes it ("} + expected + " is expected)");
}

}  // namespace

void packer::put(std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) text_ += static_cast<char>(value >> shift);
}

packer& packer::list(std::size_t size) {
  if (size < 16) {
    text_ += static_cast<char>(0x90 | size);
  } else if (size <= 0xffff) {
    text_ += '\xdc';
    put(size, 2);
  } else {
    text_ += '\xdd';
    put(size, 4);
  }
  return *this;
}

packer& packer::add(std::string_view text) {
  if (text.size() < 32) {
    text_ += static_cast<char>(0xa0 | text.size());
  } else if (text.size() <= 0xff) {
    text_ += '\xd9';
    put(text.size(), 1);
  } else if (text.size() <= 0xffff) {
    text_ += '\xda';
    put(text.size(), 2);
  } else {
    text_ += '\xdb';
    put(text.size(), 4);
  }
  text_ += text;
  return *this;
}

packer& packer::add_unsigned(std::uint64_t number) {
  if (number < 0x80) {
    text_ += static_cast<char>(number);
  } else if (number <= 0xff) {
    text_ += '\xcc';
    put(number, 1);
  } else if (number <= 0xffff) {
    text_ += '\xcd';
    put(number, 2);
  } else if (number <= 0xffff'ffff) {
    text_ += '\xce';
    put(number, 4);
  } else {
    text_ += '\xcf';
    put(number, 8);
  }
  return *this;
}

packer& packer::add_negative(std::int64_t number) {
  text_ += '\xd3';
  put(static_cast<std::uint64_t>(number), 8);
  return *this;
}

packer& packer::none() {
  text_ += '\xc2';
  return *this;
}

std::string_view unpacker::piece(std::size_t size) {
  if (rest_.size() < size) not_packed("more of it");
  const auto first = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return first;
}

std::uint8_t unpacker::byte() { return static_cast<std::uint8_t>(piece(1)[0]); }

std::uint64_t unpacker::bytes(int count) {
  std::uint64_t value = 0;
  for (const char each : piece(static_cast<std::size_t>(count)))
    value = value << 8 | static_cast<std::uint8_t>(each);
  return value;
}

std::size_t unpacker::list() {
  const auto kind = byte();
  if ((kind & 0xf0) == 0x90) return kind & 0x0f;
  if (kind == 0xdc) return bytes(2);
  if (kind == 0xdd) return bytes(4);
  not_packed("a list");
}

std::int64_t unpacker::integer() {
  const auto kind = byte();
  if (kind < 0x80) return kind;
  if (kind >= 0xe0) return static_cast<std::int8_t>(kind);
  switch (kind) {
    case 0xcc: return static_cast<std::int64_t>(bytes(1));
    case 0xcd: return static_cast<std::int64_t>(bytes(2));
    case 0xce: return static_cast<std::int64_t>(bytes(4));
    case 0xcf: return static_cast<std::int64_t>(bytes(8));
    case 0xd0: return static_cast<std::int8_t>(bytes(1));
    case 0xd1: return static_cast<std::int16_t>(bytes(2));
    case 0xd2: return static_cast<std::int32_t>(bytes(4));
    case 0xd3: return static_cast<std::int64_t>(bytes(8));
    default: not_packed("a whole number");
  }
}

std::string_view unpacker::text() {
  const auto kind = byte();
  if ((kind & 0xe0) == 0xa0) return piece(kind & 0x1f);
  if (kind == 0xd9) return piece(bytes(1));
  if (kind == 0xda) return piece(bytes(2));
  if (kind == 0xdb) return piece(bytes(4));
  not_packed("a text");
}

bool unpacker::none() {
  const bool nothing = !rest_.empty() && (rest_[0] == '\xc2' || rest_[0] == '\xc0');
  if (nothing) rest_.remove_prefix(1);
  return nothing;
}

std::optional<instant> unpacker::optional_time() {
  if (none()) return std::nullopt;
  return time();
}

}  // namespace carillon::redis
