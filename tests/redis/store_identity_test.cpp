#include <doctest/doctest.h>
#include <string>

#include "redis/script_world.hpp"

namespace carillon::testing {

namespace {

/// What `open` says of why not; empty: it opened.
std::string refusal_of(backend_world& w, std::uint32_t partitions) {
  script_world::listener nobody;
  try {
    w.run(w.backend.open(partitions, nobody));
  } catch (const boost::system::system_error& why) {
    CHECK(why.code() == errc::store_refused);
    return why.what();
  }
  return "";
}

}  // namespace

TEST_SUITE("redis store identity") {
  TEST_CASE("a namespace is created once, and found by all") {
    backend_world w;
    script_world::listener nobody;
    const auto first = w.run(w.backend.open(0, nobody));
    CHECK(first.partitions == 64);
    CHECK(first.id > 1'700'000'000'000'000);
    CHECK(w.run(w.backend.open(0, nobody)) == first);
    CHECK(w.run(w.backend.open(64, nobody)) == first);
  }

  TEST_CASE("who is not to make a store is told that there is none, and writes nothing") {
    redis::job_backend_options how;
    how.create = false;
    backend_world w{new_name_space(), how};
    script_world::listener nobody;
    std::string why;
    try {
      w.run(w.backend.open(0, nobody));
    } catch (const boost::system::system_error& refused) {
      CHECK(refused.code() == errc::no_store);
      why = refused.what();
    }
    CHECK(
        why.starts_with("there is no store in namespace '" + w.name_space + "' at " + shared_server().url()));
    CHECK(shared_server().cli({"KEYS", "carillon:{" + w.name_space + "*"}).empty());
    backend_world maker{w.name_space};
    const auto made = maker.run(maker.backend.open(3, nobody));
    CHECK(w.run(w.backend.open(0, nobody)) == made);
  }

  TEST_CASE("another number of partitions, or another format, is refused, and nothing is written") {
    backend_world w;
    script_world::listener nobody;
    w.run(w.backend.open(2, nobody));
    const auto refused = refusal_of(w, 3);
    CHECK(refused.find("2 partitions, and 3 are asked for") != std::string::npos);
    backend_world other;
    const auto meta = redis::store_keys{other.name_space}.meta();
    for (const std::string format : {"1", "9"}) {  // An earlier one, and one that there is not yet.
      shared_server().cli({"HSET", meta, "format", format, "partitions", "2", "id", "5"});
      const auto why = refusal_of(other, 2);
      CHECK(why.find("format " + format +
                     ", and this version reads and writes format 2 only: use the "
                     "version that wrote it, or another namespace") != std::string::npos);
      const auto keys = shared_server().cli({"KEYS", "carillon:{" + other.name_space + "*"});
      CHECK(keys == meta);
      CHECK(shared_server().cli({"HGET", meta, "format"}) == format);
    }
  }

  TEST_CASE("of two stores the later wins, in each partition and in all") {
    backend_world w;
    script_world::listener nobody;
    const redis::store_keys keys{w.name_space};
    const auto first = w.run(w.backend.open(3, nobody));
    shared_server().cli({"SET", keys.store(0), "5"});  // Of an earlier one.
    CHECK(w.run(w.backend.open(3, nobody)) == first);
    CHECK(shared_server().cli({"GET", keys.store(0)}) == std::to_string(first.id));
    const auto later = std::to_string(first.id + 1);
    shared_server().cli({"SET", keys.store(1), later});
    CHECK(w.run(w.backend.open(3, nobody)).id == first.id + 1);
    for (std::uint32_t p = 0; p < 3; ++p) CHECK(shared_server().cli({"GET", keys.store(p)}) == later);
    CHECK(shared_server().cli({"HGET", keys.meta(), "id"}) == later);
  }

  TEST_CASE("a store that was emptied is another one, with greater numbers") {
    script_world w;
    w.add("a");
    const auto fence = w.win("a", "r1");
    const redis::store_keys keys{w.name_space};
    const auto all =
        w.cli({"EVAL", "return redis.call('DEL', unpack(redis.call('KEYS', 'carillon:{' .. ARGV[1] .. '*')))",
               "0", w.name_space});
    CHECK(std::stoi(all) > 5);
    CHECK_THROWS_AS(w.look(), boost::system::system_error);
    const auto again = w.run(w.backend.open(1, w.heard));
    CHECK(again.id > w.store.id);
    w.add("a");
    CHECK(w.win("a", "r1") > fence);
  }
}

}  // namespace carillon::testing
