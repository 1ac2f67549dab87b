#include "carillon/boot_record.hpp"

#include <doctest/doctest.h>

#include <system_error>

#include "support/temporary_folder.hpp"

namespace carillon::app {

TEST_SUITE("boot_record") {
  using names = std::set<std::string>;

  TEST_CASE("a job is taken once for each boot") {
    const testing::temporary_folder folder;
    const auto place = folder.path("state/carillon");
    boot_record first{place, "boot-1"};
    CHECK(first.not_yet({"a", "b"}) == names{"a", "b"});
    CHECK(first.take({"a"}) == names{"a"});
    CHECK(first.take({"a", "b"}) == names{"b"});
    CHECK(boot_record{place, "boot-1"}.take({"a", "b"}).empty());
    CHECK(boot_record{place, "boot-1"}.not_yet({"a", "c"}) == names{"c"});
    CHECK(boot_record{place, "boot-2"}.take({"a", "b"}) == names{"a", "b"});
    CHECK(boot_record{place, "boot-2"}.take({"a", "b"}).empty());
  }

  TEST_CASE("a file that was cut off, or is another's, counts as none") {
    const testing::temporary_folder folder;
    for (const auto* text :
         {"", "{\"boot\":\"boot-1\",\"ran\":[\"a", "[]", "{\"boot\":\"boot-1\",\"ran\":5}"}) {
      folder.write("reboot.json", text);
      CHECK(boot_record{folder.path().string(), "boot-1"}.take({"a"}) == names{"a"});
    }
  }

  TEST_CASE("a folder that cannot be is an error") {
    const testing::temporary_folder folder;
    const auto file = folder.write("file", "");
    CHECK_THROWS_AS(boot_record(file, "boot-1").take({"a"}), std::system_error);
  }

  TEST_CASE("the machine has started before now") {
    const instant now{milliseconds{1'790'000'000'000}};
    CHECK(boot_time(now) < now);
  }
}

}  // namespace carillon::app
