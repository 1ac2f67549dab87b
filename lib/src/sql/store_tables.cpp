#include "sql/store_tables.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <carillon/error.hpp>
#include <charconv>

namespace carillon::sql {

namespace {

constexpr std::size_t most_definitions = 200'000;
constexpr std::size_t most_told = 1'000;
constexpr auto between_cleanings = std::chrono::seconds{10};
constexpr std::uint64_t second = 1'000'000;
constexpr std::uint64_t token_is_kept = 3'600 * second, notice_is_kept = 120 * second;
constexpr std::uint64_t end_is_kept = 3'600 * second, group_is_kept = 86'400 * second;

void write_meta(session& with, std::string_view name, std::string_view content) {
  static constexpr std::string_view columns[] = {"content"};
  with.run(query{"INSERT INTO "}
               .add(with.speaks().table("meta"))
               .add(" (name, content) VALUES (")
               .bind(name)
               .add(", ")
               .bind(content)
               .add(")")
               .add(with.speaks().or_update("name", columns)));
}

/// The partitions that a store has not yet, or that were another's.
void make_parts(session& with, const store_identity& store) {
  static constexpr std::string_view columns[] = {"store", "seq", "ledger", "noticed", "followed"};
  query makes{"INSERT INTO "};
  makes.add(with.speaks().table("parts")).add(" (part, store, seq, ledger, noticed, followed) VALUES ");
  for (int part = part_of_groups; part < static_cast<int>(store.partitions); ++part) {
    makes.add(part == part_of_groups ? "(" : ", (").bind(part).add(", ").bind(store.id);
    makes.add(", ").bind(store.id).add(", ").bind(store.id).add(", ").bind(store.id).add(", 0)");
  }
  with.run(makes.add(with.speaks().or_update("part", columns)));
}

/// @param before The id of the store that was there; 0: there was none.
store_identity create_store(session& with, std::uint32_t partitions, std::uint64_t before) {
  for (const auto& table : with.speaks().schema()) with.run(table);
  store_identity store;
  const std::uint32_t usual = with.speaks().kind() == database_kind::sqlite ? 1 : 8;
  store.partitions = partitions == 0 ? usual : partitions;
  store.id = std::max(microseconds_now(), before + 1);
  make_parts(with, store);
  // Nobody is a member of it yet, and runs of those who were are nobody's.
  with.run(query{"DELETE FROM "}.add(with.speaks().table("members")));
  write_meta(with, "beat", "0 0");
  write_meta(with, "partitions", std::to_string(store.partitions));
  write_meta(with, "format", std::to_string(table_format));
  write_meta(with, "id", std::to_string(store.id));  // Last: with it there is a store.
  return store;
}

store_identity checked_store(session& with, std::uint64_t id, std::uint32_t partitions) {
  const auto& names = with.speaks().name_space();
  const auto format = number_of_store(with, "format").value_or(0);
  if (format != table_format) {
    refuse_store(
        fmt::format("the tables {}_… are of format {}, and this version of Carillon reads format {}; "
                    "use the version that made them, or tables of your own: ?namespace=NAME",
                    names, format, table_format));
  }
  store_identity store;
  store.id = id;
  store.partitions = static_cast<std::uint32_t>(number_of_store(with, "partitions").value_or(0));
  if (partitions != 0 && partitions != store.partitions) {
    refuse_store(
        fmt::format("the store in the tables {}_… was created with {} partitions, and {} are asked "
                    "for; ask for what is there, or for tables of your own: ?namespace=NAME",
                    names, store.partitions, partitions));
  }
  return store;
}

/// What somebody has taken away of a store; empty: it is whole.
std::string damage_of(session& with, const store_identity& store) {
  const auto missing = missing_tables(with);
  if (!missing.empty())
    return fmt::format("there {} no {}", missing.size() == 1 ? "is" : "are", fmt::join(missing, ", "));
  const auto parts = with.speaks().table("parts");
  auto asks = query{"SELECT COUNT(*) FROM "}.add(parts).add(" WHERE store = ").bind(store.id);
  const auto found = with.ask(asks.add(" AND part < ").bind(store.partitions), "n");
  const auto wanted = std::int64_t{store.partitions} - part_of_groups;
  if (found.at(0).at(0).number == wanted) return {};
  return fmt::format("{} of the {} rows of {} are its own", found[0][0].number, wanted, parts);
}

[[noreturn]] void refuse_to_create(const std::string& why) {
  throw boost::system::system_error(errc::no_store, why);
}

/// A store of which a part is missing is another one from then on: whoever works with it must know that what
/// it has done may be gone.
store_identity find_or_create(session& with, const store_tables& tables, std::uint32_t partitions) {
  const bool has_tables = !with.ask(with.speaks().finds_table(with.speaks().table("meta")), "n").empty();
  const auto id = has_tables ? number_of_store(with, "id") : std::nullopt;
  const auto& where = tables.where;
  if (!id) {
    if (!tables.create)
      refuse_to_create(fmt::format("there is no store in {} whose tables are called {}_…", where.shown(),
                                   with.speaks().name_space()));
    return create_store(with, partitions, 0);
  }
  const auto there = checked_store(with, *id, partitions);
  const auto damage = damage_of(with, there);
  if (damage.empty()) return there;
  if (!tables.create)
    refuse_to_create(fmt::format("the store in {} is not whole: {}", where.shown(), damage));
  (tables.logger ? tables.logger : spdlog::default_logger())
      ->error("the store in {} is not whole: {}; it is made anew around what is left", where.shown(), damage);
  const auto made = create_store(with, there.partitions, *id);
  const auto still = missing_tables(with);
  if (!still.empty())
    refuse_store(fmt::format("{}: {} cannot be made", where.shown(), fmt::join(still, ", ")));
  return made;
}

/// Keeps others from creating the same store. Tables of MySQL are made outside of any transaction, so that
/// its turn is taken before one begins, and given back after.
class turn_taken {
 public:
  explicit turn_taken(session& with) : with_{with} {
    if (is_outside()) with_.run(with_.speaks().takes_turn());
  }
  ~turn_taken() {
    if (!is_outside()) return;
    try {
      with_.run(with_.speaks().ends_turn());
    } catch (...) {
      with_.disconnect();  // With which it ends.
    }
  }
  turn_taken(const turn_taken&) = delete;
  turn_taken& operator=(const turn_taken&) = delete;
  void take_within() const {
    const auto turn = with_.speaks().takes_turn();
    if (!is_outside() && !turn.text().empty()) with_.run(turn);
  }

 private:
  bool is_outside() const { return !with_.speaks().ends_turn().text().empty(); }
  session& with_;
};

}  // namespace

std::vector<std::string> missing_tables(session& with) {
  auto missing = with.speaks().tables();
  for (const auto& found : with.ask(query{with.speaks().all_tables()}, "t"))
    std::erase(missing, found[0].text);
  return missing;
}

std::shared_ptr<const job_definition> definition_cache::find(const std::string& id, std::uint64_t defined) {
  const std::lock_guard mine{guard_};
  const auto found = all_.find(id);
  return found != all_.end() && found->second.defined == defined ? found->second.job : nullptr;
}

void definition_cache::keep(const std::string& id, std::uint64_t defined,
                            std::shared_ptr<const job_definition> job) {
  const std::lock_guard mine{guard_};
  if (all_.size() >= most_definitions) all_.clear();
  all_[id] = {defined, std::move(job)};
}

void definition_cache::clear() {
  const std::lock_guard mine{guard_};
  all_.clear();
}

void store_tables::tell_once(const std::string& words) {
  {
    const std::lock_guard mine{guard_};
    if (told_.size() >= most_told || !told_.insert(words).second) return;
  }
  (logger ? logger : spdlog::default_logger())->error("{}", words);
}

void store_tables::clean_up(session& with, const store_identity& store) {
  {
    const std::lock_guard mine{guard_};
    const auto now = std::chrono::steady_clock::now();
    if (now < next_cleaning_) return;
    next_cleaning_ = now + between_cleanings;
  }
  const auto& speaks = with.speaks();
  const auto now = microseconds_now();
  const auto drop = [&](std::string_view table, std::string_view column, std::uint64_t until) {
    with.run(
        query{"DELETE FROM "}.add(speaks.table(table)).add(" WHERE ").add(column).add(" < ").bind(until));
  };
  drop("tokens", "made", now - token_is_kept);
  drop("changes", "made", now - notice_is_kept);
  drop("results", "drop_at", now);
  drop("ends", "made", now - end_is_kept);
  drop("groups", "used", now - group_is_kept);
  const auto age = static_cast<std::uint64_t>(ledger_age.count()) * second;
  if (age > 0) drop("ledger", "num", (now - age) * store.partitions);
  auto last_kept =
      query{"SELECT num FROM "}.add(speaks.table("ledger")).add(" ORDER BY num DESC LIMIT 1 OFFSET ");
  const auto oldest = with.ask(last_kept.bind(ledger_length), "n");
  if (!oldest.empty()) drop("ledger", "num", oldest[0][0].count() + 1);
}

std::optional<std::uint64_t> number_of_store(session& with, std::string_view name) {
  auto asks = query{"SELECT content FROM "}.add(with.speaks().table("meta")).add(" WHERE name = ").bind(name);
  const auto found = with.ask(asks, "t");
  if (found.empty()) return std::nullopt;
  const auto& text = found[0][0].text;
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{}) refuse_store(fmt::format("the {} of the store is '{}'", name, text));
  return number;
}

std::uint64_t microseconds_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(since).count());
}

void refuse_store(const std::string& why) { throw boost::system::system_error(errc::store_refused, why); }

store_identity find_store(session& with, store_tables& tables, std::uint32_t partitions) {
  const turn_taken mine{with};
  transaction all{with};
  mine.take_within();
  const auto store = find_or_create(with, tables, partitions);
  all.commit();
  tables.definitions.clear();
  return store;
}

void expect_store(session& with, const store_identity& store, std::uint32_t part) {
  auto asks = query{"SELECT store FROM "}.add(with.speaks().table("parts")).add(" WHERE part = ").bind(part);
  const auto found = with.ask(asks, "n");
  if (found.empty() || found[0][0].count() != store.id) throw boost::system::system_error(errc::other_store);
}

}  // namespace carillon::sql
