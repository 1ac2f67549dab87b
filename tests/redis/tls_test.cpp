#include <doctest/doctest.h>

#include <stdexcept>

#include "redis/connection_world.hpp"

namespace carillon::testing {

using namespace std::chrono_literals;
using redis::words;

namespace {

redis_options with_tls(std::vector<std::string> config = {}) {
  redis_options how;
  how.tls = true;
  how.config = std::move(config);
  return how;
}

redis::connection_options options_for(const redis_server& server, const std::string& host = "127.0.0.1") {
  auto how = connection_world::options_for(server);
  how.where.tls = true;
  how.where.hosts = {{host, std::to_string(server.tls_port())}};
  how.tls.authority_file = (server.certificates() / "authority.pem").string();
  return how;
}

std::string outcome(const redis::connection_options& how) {
  connection_world world{how};
  const auto& one = world.connection;
  world.until([&] { return one.is_up() || !one.why_down().starts_with("still"); });
  return world.outcome_of(world.connection.command(words("PING"), one.is_up() ? 20s : 100ms));
}

}  // namespace

TEST_SUITE("redis by TLS") {
  TEST_CASE("a server that our authority has certified is spoken to") {
    const redis_server server{with_tls()};
    CHECK(outcome(options_for(server)) == "\"PONG\"");
    CHECK(outcome(options_for(server, "localhost")) == "\"PONG\"");
  }

  TEST_CASE("one that it has not certified is not, and the reason is told") {
    const redis_server server{with_tls()};
    auto how = options_for(server);
    how.tls.authority_file = (server.certificates() / "other-authority.pem").string();
    const auto said = outcome(how);
    CHECK(said.starts_with("unreachable: not sent: rediss://127.0.0.1:"));
    CHECK(said.find("certificate verify failed") != std::string::npos);
    how.tls.authority_file.clear();
    CHECK(outcome(how).find("certificate verify failed") != std::string::npos);
    how.tls.verify = false;
    CHECK(outcome(how) == "\"PONG\"");
  }

  TEST_CASE("one whose certificate has another name is not") {
    const redis_server server{with_tls()};
    auto how = options_for(server);
    how.tls.server_name = "redis.example.com";
    CHECK(outcome(how).find("certificate verify failed") != std::string::npos);
    how.tls.server_name = "localhost";
    CHECK(outcome(how) == "\"PONG\"");
  }

  TEST_CASE("one that wants to know its clients is shown a certificate") {
    const redis_server server{with_tls({"tls-auth-clients yes"})};
    auto how = options_for(server);
    const auto unknown = outcome(how);
    CHECK_MESSAGE(unknown.starts_with("unreachable: not sent: "), unknown);
    how.tls.certificate_file = (server.certificates() / "client.pem").string();
    how.tls.key_file = (server.certificates() / "client.key").string();
    CHECK(outcome(how) == "\"PONG\"");
  }

  TEST_CASE("a server without TLS is told apart") {
    const redis_server server;
    auto how = connection_world::options_for(server);
    how.where.tls = true;
    how.tls.verify = false;
    how.connect_timeout = 1s;
    const auto said = outcome(how);
    CHECK(said.starts_with("unreachable: not sent: rediss://"));
    CHECK(said.find("handshake timeout") != std::string::npos);
  }

  TEST_CASE("files that cannot be used are named") {
    const redis_server server{with_tls()};
    auto how = options_for(server);
    SUBCASE("no such authority") {
      how.tls.authority_file = "/no/such.pem";
      CHECK_THROWS_WITH_AS(connection_world{how}, doctest::Contains("certificate authority /no/such.pem: "),
                           std::invalid_argument);
    }
    SUBCASE("a key of another certificate") {
      how.tls.certificate_file = (server.certificates() / "client.pem").string();
      how.tls.key_file = (server.certificates() / "server.key").string();
      CHECK_THROWS_WITH_AS(connection_world{how},
                           doctest::Contains(("key " + how.tls.key_file + ": ").c_str()),
                           std::invalid_argument);
    }
  }
}

}  // namespace carillon::testing
