#include "redis/link_url.hpp"

#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <string>
#include <vector>

namespace carillon::testing {

using namespace std::chrono_literals;
using redis::endpoint;
using redis::parse_link_url;

TEST_SUITE("a link's URL") {
  redis::link_target parsed(std::string_view url) { return parse_link_url(url, {}).value(); }

  TEST_CASE("says where to go") {
    CHECK(parsed("redis://h").where.hosts == std::vector<redis::host_and_port>{{"h", "6379"}});
    CHECK(parsed("redis://h:1").where.hosts == std::vector<redis::host_and_port>{{"h", "1"}});
    CHECK(parsed("redis://[::1]:7000/2").where.hosts == std::vector<redis::host_and_port>{{"::1", "7000"}});
    CHECK(parsed("redis://[::1]:7000/2").where.database == 2);
    CHECK(parsed("redis://h/").where.database == 0);
    CHECK_FALSE(parsed("redis://h").where.tls);
    CHECK(parsed("rediss://h").where.tls);
    CHECK(parsed("unix:/run/r.sock?database=3").where.socket_path == "/run/r.sock");
    CHECK(parsed("unix:///run/r%20s").where.socket_path == "/run/r s");
    CHECK(parsed("unix:/run/r.sock?database=3").where.database == 3);
  }

  TEST_CASE("says who asks, percent-encoded") {
    CHECK(parsed("redis://h").where.user == "default");
    CHECK(parsed("redis://:p%40ss%2Fword@h").where.password == "p@ss/word");
    CHECK(parsed("redis://ann:p:q@h").where.user == "ann");
    CHECK(parsed("redis://ann:p:q@h").where.password == "p:q");
    CHECK(parsed("redis://ann@h").where.user == "ann");
  }

  TEST_CASE("names sentinels and their master") {
    const auto where = parsed("redis+sentinel://:pw@a:1,b,[::2]:3/main/4?sentinel_password=x").where;
    CHECK(where.what == endpoint::kind::sentinel);
    CHECK(where.hosts == std::vector<redis::host_and_port>{{"a", "1"}, {"b", "26379"}, {"::2", "3"}});
    CHECK(where.master_name == "main");
    CHECK(where.password == "pw");
    CHECK(where.sentinel_password == "x");
    CHECK(where.database == 4);
    CHECK(parsed("rediss+sentinel://a/m").where.tls);
  }

  TEST_CASE("has options, which go before others") {
    redis::link_options defaults;
    defaults.name_space = "code";
    defaults.command_timeout = 9s;
    const auto options =
        parse_link_url("rediss://h?namespace=url&health_check_interval=1m&certificate_authority=%2Fca.pem",
                       defaults)
            .value()
            .options;
    CHECK(options.name_space == "url");
    CHECK(options.command_timeout == 9s);
    CHECK(options.health_check_interval == 1min);
    CHECK(options.certificate_authority == "/ca.pem");
    CHECK(redis::parse_link_options("redis://h?namespace=url")->name_space == "url");
    CHECK(redis::parse_link_options("redis://h?namespace=url")->url == "redis://h?namespace=url");
  }

  TEST_CASE("that is wrong is refused with the place, and what would be right") {
    struct row {
      const char* url;
      const char* said;
    };
    const std::vector<row> table{
        {"localhost:6379",
         "no scheme (at character 1); redis://host:6379, rediss:// for TLS, "
         "redis+sentinel://host1,host2/master-name or unix:/path"},
        {"http://h",
         "http://: not a way to a Redis (at character 1); redis://host:6379, rediss:// for TLS, "
         "redis+sentinel://host1,host2/master-name or unix:/path"},
        {"",
         "no scheme (at character 1); redis://host:6379, rediss:// for TLS, "
         "redis+sentinel://host1,host2/master-name or unix:/path"},
        {"redis://", "no host (at character 9); redis://127.0.0.1:6379"},
        {"redis://:6379", "no host (at character 9); redis://127.0.0.1:6379"},
        {"redis://:secret@/2", "no host (at character 17); redis://127.0.0.1:6379"},
        {"redis://h:x",
         "port: 1 to 65535 (at character 11); a password that has / ? # or @ needs them as %2F %3F %23 %40"},
        {"redis://h:65536",
         "port: 1 to 65535 (at character 11); a password that has / ? # or @ needs them as %2F %3F %23 %40"},
        {"redis://me:sec/ret@h",
         "port: 1 to 65535 (at character 12); a password that has / ? # or @ needs them as %2F %3F %23 %40"},
        {"redis://me:sec%ret@h",
         "password: a % that is not followed by two hexadecimal digits (at character 12); write % as %25"},
        {"redis://h/x", "database: 0 to 1000000 (at character 11)"},
        {"redis://h/-1", "database: 0 to 1000000 (at character 11)"},
        {"redis://[::1", "[ without ] (at character 9); [::1]:6379"},
        {"redis://[::1]6", "a host ends with a colon and its port, a slash, or the end (at character 14)"},
        {"redis://a,b",
         "more than one host (at character 10); redis+sentinel://host1,host2/master-name for sentinels"},
        {"redis+sentinel://a,b",
         "no name of a master (at character 21); redis+sentinel://host1,host2/master-name"},
        {"redis+sentinel://a,/m", "no host (at character 20); redis://127.0.0.1:6379"},
        {"unix:run/r", "the path of a socket begins with / (at character 6); unix:/run/redis/redis.sock"},
        {"redis://h?namespace", "option namespace has no value (at character 11); namespace=…"},
        {"redis://h?command_timeout=2", "command_timeout: a unit is missing after 2 (at character 28); 2s"},
        {"redis://h?colour=red",
         "no option has the name colour (at character 11); namespace command_timeout"},
    };
    for (const auto& [url, said] : table) {
      CAPTURE(url);
      const auto answer = parse_link_url(url, {});
      REQUIRE(answer.has_error());
      CHECK_MESSAGE(answer.error().to_string().starts_with(said), answer.error().to_string());
      CHECK(answer.error().to_string().find("sec") == std::string::npos);
    }
  }

  TEST_CASE("is printed without user, password and options") {
    CHECK(parsed("redis://ann:secret@h/2?namespace=x").where.to_string() == "redis://h:6379/2");
    CHECK(parsed("rediss+sentinel://:secret@a,[::1]:7/m").where.to_string() ==
          "rediss+sentinel://a:26379,[::1]:7/m");
    CHECK(parsed("unix:/r").where.to_string() == "unix:/r");
  }

  TEST_CASE("options that cannot be are refused with their names and values") {
    boost::asio::io_context io;
    const auto refused = [&](const char* url, std::string name_space = "carillon") -> std::string {
      try {
        const redis::link never{io, {.url = url, .name_space = std::move(name_space)}};
      } catch (const std::invalid_argument& why) {
        return why.what();
      }
      return "";
    };
    CHECK(refused("redis://h?namespace=a:b") ==
          "namespace 'a:b': 1 to 64 letters, digits, - _ or . (at character 21)");
    CHECK(refused("redis://h?namespace=") ==
          "namespace '': 1 to 64 letters, digits, - _ or . (at character 21)");
    CHECK(refused("redis://h", "a:b") == "name_space 'a:b': 1 to 64 letters, digits, - _ or .");
    CHECK(refused("redis://h?command_timeout=0s") == "command_timeout 0 ms: more than 0");
    CHECK(refused("redis://h?certificate_authority=/ca") ==
          "redis://h:6379: certificates are for TLS: rediss:// or rediss+sentinel://");
    CHECK(refused("rediss://h?certificate=/c") == "certificate and key: both or none");
    CHECK(refused("rediss://h?certificate_authority=/no/such.pem")
              .starts_with("certificate authority /no/such.pem: "));
    CHECK(refused("redis://u:secret@h:x").find("secret") == std::string::npos);
  }
}

}  // namespace carillon::testing
