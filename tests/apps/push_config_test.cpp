#include "carillon/shared/push_config.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace carillon::app {
namespace {

using namespace std::chrono_literals;

const std::string push =
    "[push]\nstore = \"redis://127.0.0.1:6379\"\nsubscriptions = \"demo:subscription\"\n"
    "sent = \"demo:exist_push\"\n";
const std::string to_webhook = "[push.deliver]\nwebhook = \"http://127.0.0.1:9000/push\"\n";

push_config read_push(const std::string& text) { return read_push_config(text, "push.toml"); }

// With one more line in [push], which is then line 5.
std::string with(const std::string& line) { return push + line + "\n" + to_webhook; }
// With [push.deliver] as it is given, whose first line is line 6.
std::string by(const std::string& lines) { return push + "[push.deliver]\n" + lines; }

struct row {
  std::string text;
  std::string problem;
};

}  // namespace

TEST_SUITE("push configuration") {
  TEST_CASE("all of it is read") {
    const auto all = read_push(R"(
[push]
store = "redis://127.0.0.1:6379?namespace=reminders"
subscriptions = "demo:subscription"
sent = "demo:exist_push"
sent_ttl = "900s"
concurrency = 64
retry = { attempts = 3, backoff = "100ms..2s" }
lookahead = "4m"
grace = "10m"
timezone = "Asia/Shanghai"
fixed_times = ["18:00", "08:00"]
fixed = { command = ["/usr/local/bin/morning", "--all"] }
metrics = "127.0.0.1:9464"
instance = "a"
[push.deliver]
webhook = "https://push.example/x"
headers = { Authorization = "Bearer 1" }
answer_timeout = "3s"
connections = 8
[log]
level = "warn"
)");
    for (const auto& each : all.found) MESSAGE(each.to_string());
    REQUIRE(all.found.empty());
    CHECK(all.store == "redis://127.0.0.1:6379?namespace=reminders");
    CHECK(all.options.subscriptions == "demo:subscription");
    CHECK(all.options.sent == "demo:exist_push");
    CHECK(all.options.sent_ttl == 900s);
    CHECK(all.options.concurrency == 64);
    CHECK(all.options.retry.attempts == 3);
    CHECK(all.options.retry.backoff_min == 100ms);
    CHECK(all.options.retry.backoff_max == 2s);
    CHECK(all.options.lookahead == 4min);
    CHECK(all.options.grace == 10min);
    CHECK(all.time_zone().name() == "Asia/Shanghai");
    CHECK(all.fixed_times == std::vector<std::string>{"08:00", "18:00"});
    REQUIRE(all.fixed_command);
    CHECK(all.fixed_command->argv == std::vector<std::string>{"/usr/local/bin/morning", "--all"});
    REQUIRE(all.metrics);
    CHECK(all.metrics->host == "127.0.0.1");
    CHECK(all.metrics->port == 9464);
    CHECK(all.instance == "a");
    CHECK(all.log_level == log_level::warn);
    const auto& hook = std::get<pushes::webhook_options>(all.deliver);
    CHECK(hook.url == "https://push.example/x");
    CHECK(hook.headers.at("Authorization") == "Bearer 1");
    CHECK(hook.answer_timeout == 3s);
    CHECK(hook.connections == 8);
    CHECK(hook.where.name() == "Asia/Shanghai");
  }

  TEST_CASE("the other ways to deliver") {
    CHECK(std::get<pushes::stream_options>(read_push(by("stream = \"pushes\"\nmax_length = 1000")).deliver)
              .max_length == 1000);
    CHECK(std::get<pushes::channel_options>(read_push(by("channel = \"pushes\"")).deliver).channel ==
          "pushes");
    const auto lines = read_push(by("stdout = true"));
    CHECK(lines.found.empty());
    CHECK(std::holds_alternative<pushes::stdout_options>(lines.deliver));
    const auto hook = read_push(by("webhook = \"http://x/\"\nstdout = false"));
    CHECK(hook.found.empty());
    // No more connections than deliveries under way.
    CHECK(std::get<pushes::webhook_options>(hook.deliver).connections == 256);
  }

  TEST_CASE("each fault is told with its place and what would be right") {
    const std::vector<row> rows{
        {"[push]\n" + to_webhook, "push.toml:1:1: [push] has no sent: sent = \"demo:exist_push\""},
        {"[log]\nlevel = \"info\"", "push.toml:1:1: there is no [push]: docs/push.md describes the file"},
        {push,
         "push.toml:1:1: there is no [push.deliver]: [push.deliver] with webhook, stream, channel or stdout"},
        {push + to_webhook + "[job]\n", "push.toml:7:2: unknown key 'job' in the file"},
        {with("sent_tll = \"1h\""),
         "push.toml:5:1: unknown key 'sent_tll' in [push]: did you mean sent_ttl?"},
        {with("sent_ttl = \"5m\""),
         "push.toml:5:12: sent_ttl 5m is less than lookahead + grace, which is 4m + 10m = 14m: a push would "
         "be sent "
         "twice: sent_ttl = \"14m\" or more"},
        {with("grace = \"1h\""),
         "push.toml:5:9: sent_ttl 15m is less than lookahead + grace, which is 4m + 1h = 1h4m"},
        {with("sent_ttl = \"23h\""), "push.toml:5:12: sent_ttl 23h is too long"},
        {with("lookahead = \"13h\""), "push.toml:5:13: lookahead 13h: 0s to 12h"},
        {with("timezone = \"Asia/Shanghi\""), "push.toml:5:"},
        {with("concurrency = 0"), "push.toml:5:15: concurrency 0: 1 to 100000"},
        {with("retry = { attempts = 0 }"), "push.toml:5:22: attempts 0: 1 to 1000"},
        {with("retry = { backoff = \"5s..1s\" }"), "push.toml:5:21: backoff '5s..1s': the first duration"},
        {with("retry = { backoff = \"5s..2h\" }"), "push.toml:5:21: backoff '5s..2h': at most 1h"},
        {with("retry = { only = [] }"), "push.toml:5:11: unknown key 'only' in retry"},
        {with("metrics = \"9464\""), "push.toml:5:11: metrics '9464' is no address with a port: metrics = "},
        {with("fixed_times = [\"8:00\"]\nfixed = { http = \"http://x/\" }"),
         "push.toml:5:16: fixed_times: '8:00' is no time of day: 00:00 to 23:59"},
        {with("fixed_times = [\"08:00\", \"08:00\"]\nfixed = { http = \"http://x/\" }"),
         "push.toml:5:25: fixed_times: 08:00 stands there twice"},
        {with("fixed_times = [\"08:00\"]"), "push.toml:5:15: fixed_times: nothing says what is done then"},
        {with("fixed = { http = \"http://x/\" }"), "push.toml:5:9: fixed: nothing says when it is done"},
        {with("fixed_times = [\"08:00\"]\nfixed = { http = \"x\" }"), "push.toml:6:19: http: a URL begins"},
        {with("fixed_times = [\"08:00\"]\nfixed = { http = \"http://x/\", shell = \"y\" }"),
         "push.toml:6:9: fixed: one of command, shell and http, and no more"},
        {by("webhook = \"http://x/\"\nstream = \"y\""),
         "push.toml:7:10: webhook and stream are both given: pushes are delivered one way"},
        {by("stdout = false"), "push.toml:5:1: [push.deliver] says no way to deliver"},
        {by("webhook = \"httpx://x/\""), "push.toml:6:12: webhook: a URL begins with http:// or https://"},
        {by("webhook = \"http://x:99999/\""), "push.toml:6:21: webhook: port: 1 to 65535"},
        {by("webhook = \"http://x/\"\nheaders = { Host = \"y\" }"),
         "push.toml:7:20: headers: Host is set by"},
        {by("webhook = \"http://x/\"\nmax_length = 5"),
         "push.toml:7:1: unknown key 'max_length' in [push.deliver]"},
        {by("webhook = \"http://x/\"\nkey = \"k.pem\""),
         "push.toml:7:7: key is for https://, and the webhook is http://"},
        {by("webhook = \"https://x/\"\ncertificate_authority = \"/nowhere.pem\""),
         "push.toml:7:25: certificate_authority /nowhere.pem: No such file or directory"},
        {by("webhook = \"https://x/\"\ncertificate = \"/nowhere.pem\""),
         "push.toml:7:15: certificate /nowhere.pem: No such file or directory"},
        {by("webhook = \"https://x/\"\nkey = \"/nowhere.pem\""),
         "push.toml:7:7: key /nowhere.pem: there is no certificate to it"},
        {with("grace = \"11h\"\nsent_ttl = \"12h\""),
         "push.toml:6:12: sent_ttl 12h is too long beside lookahead + grace, which is 4m + 11h = 11h4m: the "
         "mark of one day must be gone when the next day's push may go out, so that all three are at most "
         "23h: sent_ttl = \"11h56m\" or less"},
        {with("fixed_times = [\"08:00\"]\nfixed = { command = [] }"),
         "push.toml:6:21: fixed: nothing is to be run: fixed = { command = "},
        {with("fixed_times = [\"08:00\"]\nfixed = { shell = \"\" }"),
         "push.toml:6:19: fixed: nothing is to be run: fixed = { command = "},
        {with("instance = \"\""), "push.toml:5:12: instance is empty: leave it out"},
        {by("stream = \"\""), "push.toml:6:10: stream is empty"},
    };
    for (const auto& each : rows) {
      CAPTURE(each.text);
      const auto all = read_push(each.text);
      REQUIRE_FALSE(all.found.empty());
      CHECK_MESSAGE(all.found[0].to_string().starts_with(each.problem), all.found[0].to_string());
    }
  }

  TEST_CASE("a misspelt way to deliver is told with its line, and what goes with it is known") {
    const auto all = read_push(by("webhok = \"http://x/\"\nheaders = { A = \"b\" }"));
    REQUIRE(all.found.size() == 2);
    CHECK(all.found[0].to_string().starts_with("push.toml:5:1: [push.deliver] says no way to deliver"));
    CHECK(all.found[1].to_string() ==
          "push.toml:6:1: unknown key 'webhok' in [push.deliver]: did you mean webhook?");
  }

  TEST_CASE("a command that is no list is one fault") {
    const auto all = read_push(with("fixed_times = [\"08:00\"]\nfixed = { command = \"x\" }"));
    REQUIRE(all.found.size() == 1);
    CHECK(all.found[0].to_string() == "push.toml:6:21: command must be a list of texts, is a text");
  }

  TEST_CASE("the README's example is fine") {
    std::ifstream in{CARILLON_TEST_DATA "/examples/push.toml"};
    const auto all = read_push({std::istreambuf_iterator<char>(in), {}});
    for (const auto& each : all.found) MESSAGE(each.to_string());
    CHECK(all.found.empty());
    CHECK(all.options.subscriptions == "demo:subscription");
  }

  TEST_CASE("a password is never repeated") {
    const auto all =
        read_push("[push]\nstore = \"redis://me:secret@host:x\"\nsubscriptions = \"a\"\nsent = \"b\"\n" +
                  by("webhook = \"http://me:secret@x:y/\"").substr(push.size()));
    REQUIRE_FALSE(all.found.empty());
    for (const auto& each : all.found) CHECK(each.to_string().find("secret") == std::string::npos);
  }
}

}  // namespace carillon::app
