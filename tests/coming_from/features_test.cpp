// docs/features.md: each row names a test that is there, or a reason.
#include <doctest/doctest.h>

#include <cctype>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "coming_from/page.hpp"

namespace carillon::coming_from {

namespace {

/// The names of the cases of a test's source.
std::set<std::string> cases_of(const std::string& source) {
  std::set<std::string> names;
  for (const std::string_view opening : {"CASE(", "CASE_TEMPLATE("}) {
    for (auto place = source.find(opening); place != std::string::npos; place = source.find(opening, place)) {
      place = source.find_first_not_of(" \n", place + opening.size());
      std::string name;
      while (place < source.size() && source[place] == '"') {  // A literal may go on in the next line.
        for (++place; source[place] != '"'; ++place) {
          if (source[place] == '\\') ++place;
          name += source[place];
        }
        place = source.find_first_not_of(" \n", place + 1);
      }
      names.insert(name);
    }
  }
  return names;
}

/// The cases of tests, file by file, each read once.
class known_cases {
 public:
  bool has(const std::string& file, const std::string& name) {
    const auto path = std::string{CARILLON_TEST_DATA} + "/" + file;
    if (!files_.contains(file))
      files_[file] = std::filesystem::exists(path) ? cases_of(whole_file(path)) : std::set<std::string>{};
    return files_[file].contains(name);
  }

 private:
  std::map<std::string, std::set<std::string>> files_;
};

bool is_left_out(const table_row& row) { return row.cell("ours").starts_with("left out: "); }

/// What is wrong with a row; empty: nothing.
std::string fault_of(const table_row& row, known_cases& cases) {
  if (row.cell("ours").empty()) return "nothing of ours";
  const auto words = code_of(row.cell("test"));  // `folder/file.cpp` `name of the case`, once or more often.
  if (is_left_out(row)) return words.empty() ? "" : "a test of what is left out";
  if (words.empty()) return "no test";
  if (words.size() % 2 != 0) return "a file without a case";
  for (std::size_t i = 0; i < words.size(); i += 2)
    if (!cases.has(words[i], words[i + 1])) return "no case '" + words[i + 1] + "' in " + words[i];
  return {};
}

/// The identifiers in what stands in `…`.
void add_names(std::set<std::string>& names, std::string_view cell) {
  const auto is_of_name = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (const auto& code : code_of(cell)) {
    for (auto from = code.begin(); from != code.end();) {
      from = std::find_if(from, code.end(), is_of_name);
      const auto end = std::find_if_not(from, code.end(), is_of_name);
      if (from != end) names.emplace(from, end);
      from = end;
    }
  }
}

std::vector<page_item> table_of_features() {
  auto items = read_page(std::string{CARILLON_TEST_DATA} + "/../docs/features.md");
  std::erase_if(items, [](const page_item& item) { return !item.row.has("test"); });
  return items;
}

}  // namespace

TEST_SUITE("features") {
  TEST_CASE("every row of the table of features names a test that is there, or says why there is none") {
    known_cases cases;
    int shown = 0;
    int left_out = 0;
    for (const auto& item : table_of_features()) {
      CAPTURE(item.row.line);
      CAPTURE(item.row.cells.front());
      CHECK(fault_of(item.row, cases) == "");
      ++(is_left_out(item.row) ? left_out : shown);
    }
    CHECK(shown > 200);
    CHECK(left_out > 20);
  }

  TEST_CASE("a row that names no test, or one that is not there, is a fault") {
    known_cases cases;
    const auto fault = [&](const std::string& ours, const std::string& test) {
      return fault_of({1, "theirs", {"theirs", "ours", "test"}, {"`theirs`", ours, test}}, cases);
    };
    const std::string here = "`coming_from/features_test.cpp` ";
    const std::string this_case = "`a row that names no test, or one that is not there, is a fault`";
    CHECK(fault("`ours`", here + this_case) == "");
    CHECK(fault("`ours`", here + "`a case of another name`") ==
          "no case 'a case of another name' in coming_from/features_test.cpp");
    CHECK(fault("`ours`", "`coming_from/no_test.cpp` " + this_case) != "");
    CHECK(fault("`ours`", here + this_case + ", " + here + "`another`") != "");
    CHECK(fault("`ours`", here) == "a file without a case");
    CHECK(fault("`ours`", "") == "no test");
    CHECK(fault("", here + this_case) == "nothing of ours");
    CHECK(fault("left out: why", "") == "");
    CHECK(fault("left out: why", here + this_case) == "a test of what is left out");
  }

  TEST_CASE("every name of theirs has a row") {
    std::map<std::string, std::set<std::string>> named;
    for (const auto& item : table_of_features()) add_names(named[item.row.part], item.row.cells.front());
    std::ifstream file(std::string{CARILLON_TEST_DATA} + "/coming_from/names.txt");
    std::string part;
    int count = 0;
    for (std::string line; std::getline(file, line);) {
      if (line.starts_with("## ")) {
        part = line.substr(3);
      } else if (!line.starts_with("#")) {
        std::istringstream words(line);
        for (std::string name; words >> name; ++count)
          CHECK_MESSAGE(named[part].contains(name), part << ": no row names " << name);
      }
    }
    CHECK(count > 500);
  }
}

}  // namespace carillon::coming_from
