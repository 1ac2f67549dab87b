#include "executor/mail_message.hpp"

#include <doctest/doctest.h>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

namespace carillon {
namespace {

command_line mailing(std::string shell) {
  command_line command;
  command.shell = std::move(shell);
  command.env = {{"SHELL", "/bin/sh"}, {"MAILTO", "root"}};
  command.mail = command_mail{};
  command.mail->to = {"root", "ops@example.com"};
  return command;
}

}  // namespace

TEST_SUITE("mail_message") {
  TEST_CASE("a mail looks as cron's do") {
    auto command = mailing("backup --full");
    command.mail->show_env = true;
    CHECK(mail_message(command, "anna", "cellar.example.com", "done\n") ==
          "From: \"(Cron Daemon)\" <anna>\n"
          "To: root, ops@example.com\n"
          "Subject: Cron <anna@cellar> backup --full\n"
          "MIME-Version: 1.0\n"
          "Content-Type: text/plain; charset=UTF-8\n"
          "Content-Transfer-Encoding: 8bit\n"
          "Auto-Submitted: auto-generated\n"
          "Precedence: bulk\n"
          "X-Cron-Env: <MAILTO=root>\n"
          "X-Cron-Env: <SHELL=/bin/sh>\n"
          "\n"
          "done\n");
  }

  TEST_CASE("nothing that a command says becomes a header of its own, and no header is too long") {
    auto command = mailing("echo a\nBcc: all@example.com");
    CHECK(mail_message(command, "anna", "cellar", "").find("\nBcc") == std::string::npos);
    command = mailing(std::string(5000, 'x'));
    std::string_view message;
    const auto text = mail_message(command, "anna", "cellar", "");
    for (message = text; !message.empty();) {
      const auto end = message.find('\n');
      CHECK(end < 998);
      message.remove_prefix(end + 1);
    }
  }

  TEST_CASE("of a long output the end is mailed, and how much is missing is said") {
    mail_body body{20};
    CHECK(body.empty());
    for (int i = 0; i < 100; ++i) body.add("line " + std::to_string(i) + "\r\n");
    CHECK(body.text() == "[872 of 890 bytes are left out here]\nline 98\nline 99\n");
    mail_body short_one{20};
    short_one.add("line 1\n");
    CHECK(short_one.text() == "line 1\n");
  }

  TEST_CASE("a list of addresses has commas or blanks") {
    CHECK(addresses_of("root,ops@example.com").size() == 2);
    CHECK(addresses_of(" root  ops ,dev ") == std::vector<std::string>{"root", "ops", "dev"});
    CHECK(addresses_of("").empty());
  }

  TEST_CASE("what is no address, or no header, is told") {
    command_mail mail;
    CHECK(fault_of(mail) == "mail without an address to send it to");
    for (const auto* bad : {"-oQ/tmp", "a b", "a;b", "<a@b>", ""}) {
      mail.to = {bad};
      CHECK(fault_of(mail).has_value());
    }
    mail.to = {"a+b@example.com"};
    CHECK_FALSE(fault_of(mail).has_value());
    mail.content_type = "text/plain\nBcc: all";
    CHECK(fault_of(mail).has_value());
  }

  TEST_CASE("it is carried as JSON with the command") {
    auto command = mailing("x");
    command.user = "www-data";
    command.mail->from = "noreply@example.com";
    command.mail->show_env = true;
    CHECK(boost::json::value_to<command_line>(boost::json::value_from(command)) == command);
    command.mail->to = {"-x"};
    CHECK_THROWS(boost::json::value_to<command_line>(boost::json::value_from(command)));
    command = mailing("x");
    command.user = "a:b";
    CHECK(fault_of(command) == "'a:b' is no name of a user");
  }
}

}  // namespace carillon
