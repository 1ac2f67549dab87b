#include "store_reader.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <carillon/redis/job_store.hpp>
#include <thread>

#include "support/deaf_listener.hpp"

namespace carillon::testing {

namespace asio = boost::asio;

namespace {

redis::link_options link_to(const std::string& url) {
  redis::link_options how;
  how.url = url;
  how.name_space = "cluster";
  how.command_timeout = how.connect_timeout = std::chrono::seconds{30};  // A busy machine is no finding.
  return how;
}

}  // namespace

struct store_reader::state {
  explicit state(const std::string& url) : link{io, link_to(url)}, thread{[this] { io.run(); }} {
    store.stay_out();
    try {
      wait_for(store.open("reader", listener));
    } catch (...) {
      end();
      throw;
    }
  }
  ~state() {
    wait_for(store.close());
    end();
  }
  void end() {
    io.stop();
    thread.join();
  }

  template <typename T>
  T wait_for(loop_awaitable<T> call) {
    return asio::co_spawn(strand, std::move(call), asio::use_future).get();
  }

  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  loop_executor strand{io.get_executor()};
  deaf_listener listener;
  redis::link link;
  redis::job_store store{link};
  std::thread thread;
};

store_reader::store_reader(const std::string& url) : state_{std::make_unique<state>(url)} {}
store_reader::~store_reader() = default;

std::vector<job_record> store_reader::jobs() {
  std::vector<job_record> all;
  job_query query;
  query.limit = 1'000;
  for (std::optional<std::string> after = ""; after;) {
    query.after = *after;
    auto page = state_->wait_for(state_->store.list(query));
    all.insert(all.end(), std::make_move_iterator(page.jobs.begin()),
               std::make_move_iterator(page.jobs.end()));
    after = page.next_after;
  }
  return all;
}

std::vector<ledger_entry> store_reader::ledger() {
  std::vector<ledger_entry> all;
  ledger_query query;
  query.limit = 10'000;
  do {
    auto page = state_->wait_for(state_->store.history(query));
    all.insert(all.end(), std::make_move_iterator(page.entries.begin()),
               std::make_move_iterator(page.entries.end()));
    query.before = page.next_before;
  } while (query.before);
  return all;
}

}  // namespace carillon::testing
