#include <carillon/http/http_executor.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <boost/system/system_error.hpp>
#include <carillon/async/loop.hpp>
#include <carillon/executor/command_executor.hpp>
#include <carillon/http/client.hpp>
#include <carillon/job/outcome.hpp>
#include <carillon/job/run.hpp>
#include <carillon/time/system_clock.hpp>
#include <carillon/time/timestamp.hpp>
#include <chrono>
#include <fstream>
#include <map>
#include <stdexcept>
#include <utility>

#include "async/loop_farewell.hpp"
#include "http/http_outcome.hpp"

namespace carillon {

namespace {

namespace asio = boost::asio;
namespace json = boost::json;
using strand_timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                                asio::wait_traits<std::chrono::steady_clock>, loop_executor>;

constexpr std::size_t longest_header = 8192;

bool does_no_harm_twice(const std::string& method) { return method != "POST" && method != "PATCH"; }

bool says_the_run(const http_call& call) {
  if (call.body.is_string() || call.method == "GET" || call.method == "HEAD") return false;
  return call.method != "DELETE" || call.body.is_object();
}

bool is_json(std::string_view text) {
  boost::system::error_code fault;
  json::parse(text, fault);
  return !fault;
}

// Every name is one of `command_variables` without its first word: JOB, SCHEDULED_FOR.
std::string json_of(const run& run, const json::value& more) {
  json::object said{{"job", run.job_id()}, {"run", run.id()}};
  said["scheduled_for"] = command_variables(run).at("CARILLON_SCHEDULED_FOR");
  said["attempt"] = run.attempt();
  said["fence"] = run.fence();
  said["instance"] = run.instance();
  if (const auto* const followed = run.follows()) {
    said["after_job"] = followed->job;
    said["after_run"] = followed->run;
    said["after_outcome"] = name(followed->how);
  }
  if (more.is_object())
    for (const auto& [name, value] : more.get_object()) said[name] = value;
  return json::serialize(said);
}

// "CARILLON_SCHEDULED_FOR" is the header "Carillon-Scheduled-For".
std::string header_name(std::string_view variable) {
  std::string name{variable};
  bool is_first = true;
  for (auto& c : name) {
    if (c == '_') c = '-';
    if (!is_first && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    is_first = c == '-';
  }
  return name;
}

std::string read_header_file(const std::string& name, const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text(longest_header, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  const bool readable = in.eof();  // All of it, and not more than there may be.
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  if (!readable)
    throw failure("start", fmt::format("header {}: {} cannot be read, or has more than {} bytes", name, file,
                                       longest_header));
  if (text.empty()) throw failure("start", fmt::format("header {}: {} is empty", name, file));
  if (const auto fault = http::fault_of_header(name, text))
    throw failure("start", fmt::format("header {}: {}: {}", name, file, *fault));
  return text;
}

// The body of a request, with the header that says what it is.
void fill_body(http::request& request, const http_call& call, const run& run) {
  if (says_the_run(call)) {
    request.body = json_of(run, call.body);
    request.headers.emplace_back("Content-Type", "application/json");
    return;
  }
  for (const auto& [name, value] : command_variables(run))
    request.headers.emplace_back(header_name(name), value);
  if (!call.body.is_string()) return;
  request.body = call.body.get_string();
  request.headers.emplace_back("Content-Type",
                               is_json(request.body) ? "application/json" : "text/plain; charset=utf-8");
}

http::request request_of(const http_call& call, const http::url& where, const run& run, std::size_t kept) {
  http::request request;
  request.method = call.method;
  request.target = where.target;
  if (!where.authorization.empty()) request.headers.emplace_back("Authorization", where.authorization);
  request.headers.emplace_back(
      "Idempotency-Key", fmt::format("{}@{}", run.job_id(), format_instant(run.scheduled_for(), zone())));
  fill_body(request, call, run);
  request.headers.insert(request.headers.end(), call.headers.begin(), call.headers.end());
  for (const auto& [name, file] : call.header_files)
    request.headers.emplace_back(name, read_header_file(name, file));
  request.repeatable = does_no_harm_twice(call.method);
  request.connect_timeout = call.connect_timeout;
  request.answer_timeout = call.answer_timeout;
  request.body_kept = kept;
  return request;
}

// The clients of all hosts that were asked lately. A timer that runs while there are any closes connections
// and lets go of clients; it may outlive the executor, and then finds nothing to do.
class asked_hosts : public std::enable_shared_from_this<asked_hosts> {
 public:
  asked_hosts(const loop_executor& where, const http_executor_options& how)
      : where_{where}, how_{how}, alarm_{where} {}

  const loop_executor& where() const noexcept { return where_; }

  loop_awaitable<http::exchange> ask(http::url server, http::tls_options tls, http::request what) {
    const auto self = shared_from_this();  // Until the clients in use have been let go.
    // Whatever is asked of us, ending the connection is all that its operations understand.
    co_await asio::this_coro::reset_cancellation_state([](asio::cancellation_type type) {
      return type == asio::cancellation_type::none ? type : asio::cancellation_type::terminal;
    });
    auto& client = client_of(std::move(server), std::move(tls));
    watch();
    co_return co_await client.ask(what);
  }

  void close() {
    closed_ = true;
    alarm_.cancel();
    let_go_if([](const http::client&) { return true; });
  }

 private:
  http::client& client_of(http::url server, http::tls_options tls) {
    auto name = server.origin();
    for (const auto* part : {&tls.certificate_authority, &tls.certificate, &tls.key, &tls.server_name})
      name += '\0' + *part;
    const auto known = clients_.find(name);
    if (known != clients_.end()) return known->second;
    server.authorization.clear();  // Which differs from job to job.
    http::client_options options;
    options.tls = std::move(tls);
    options.keep = how_.keep;
    options.connections = how_.limits.running > 0 ? how_.limits.running : most_of_a_host;
    try {
      return clients_.try_emplace(std::move(name), where_, server, std::move(options)).first->second;
    } catch (const std::invalid_argument& fault) {
      throw failure("start", fault.what());
    }
  }

  void watch() {
    if (closed_ || std::exchange(watching_, true)) return;
    alarm_.expires_after(how_.keep);
    alarm_.async_wait([self = weak_from_this()](const boost::system::error_code& why) {
      const auto here = self.lock();
      if (here && !why) here->look();
    });
  }

  // Of those that nobody waits for. The others go with who waits.
  template <typename Condition>
  void let_go_if(Condition may_go) {
    std::erase_if(clients_,
                  [&](const auto& one) { return one.second.under_way() == 0 && may_go(one.second); });
  }

  void look() {
    watching_ = false;
    const auto oldest = std::chrono::steady_clock::now() - how_.keep;
    let_go_if([&](const http::client& one) { return one.last_used() <= oldest; });
    for (auto& [name, client] : clients_) client.close_unused();
    if (!clients_.empty()) watch();
  }

  static constexpr std::size_t most_of_a_host = 1'000;

  loop_executor where_;
  http_executor_options how_;
  std::map<std::string, http::client> clients_;
  strand_timer alarm_;
  bool watching_ = false;
  bool closed_ = false;
};

}  // namespace

// They live on the loop: the executor, which may outlive it, lets go of them when it is closed, or the loop
// goes.
class http_executor::hosts {
 public:
  static std::shared_ptr<hosts> on(const loop_executor& where, const http_executor_options& how) {
    auto made = std::make_shared<hosts>();
    made->asked_ = std::make_shared<asked_hosts>(where, how);
    made->farewell_ = loop_farewell(where, [weak = std::weak_ptr(made)] {
      if (const auto self = weak.lock()) self->asked_.reset();
    });
    return made;
  }
  hosts() = default;
  hosts(const hosts&) = delete;
  hosts& operator=(const hosts&) = delete;
  ~hosts() {
    if (asked_) asked_->close();
  }

  asked_hosts& operator*() const noexcept { return *asked_; }

 private:
  std::shared_ptr<asked_hosts> asked_;
  loop_farewell farewell_;
};

std::string http_arguments(const http_call& call) {
  return json::serialize(json::array{json::value_from(call)});
}

http_call http_call_of(std::string_view arguments) {
  boost::system::error_code fault;
  const auto parsed = json::parse(arguments, fault);
  if (fault || !parsed.is_array() || parsed.get_array().size() != 1)
    throw std::invalid_argument("an http job takes one argument, an object with url");
  return json::value_to<http_call>(parsed.get_array().front());
}

http_executor::http_executor(http_executor_options options) : options_{options} {}

http_executor::~http_executor() = default;

std::optional<std::string> http_executor::fault_of(const job_definition& job) const {
  try {
    http_call_of(job.arguments);
    return std::nullopt;
  } catch (const std::exception& fault) {
    return fault.what();
  }
}

asio::awaitable<void> http_executor::execute(run& run, const task*) {
  const asio::any_io_executor here = co_await asio::this_coro::executor;
  if (!hosts_) {
    const auto* strand = here.target<loop_executor>();
    if (strand == nullptr) throw std::logic_error("an http_executor runs on the strand of a scheduler");
    hosts_ = hosts::on(*strand, options_);
  }
  auto& asked = **hosts_;
  const auto call = http_call_of(run.arguments());
  auto server = http::parse_url(call.url).value();
  auto request = request_of(call, server, run, options_.answer_kept);
  auto asking = asked.ask(std::move(server), call.tls, std::move(request));
  const auto result = co_await asio::co_spawn(asked.where(), std::move(asking), asio::deferred);
  run.note(note_of(call, result, system_clock().now()));
}

asio::awaitable<void> http_executor::close() {
  hosts_.reset();
  co_return;
}

}  // namespace carillon
