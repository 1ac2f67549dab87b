#include "body_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "shared_clock.hpp"

namespace carillon::testing {

body_log::body_log(const std::filesystem::path& file)
    : file_{open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)} {
  if (file_ < 0) throw std::runtime_error("cannot write " + file.string());
}

body_log::~body_log() { close(file_); }

void body_log::began(const run& run) { write('B', run, "-"); }
void body_log::ended(const run& run, std::string_view how) { write('E', run, how); }

void body_log::write(char what, const run& run, std::string_view how) {
  fmt::memory_buffer line;
  fmt::format_to(std::back_inserter(line), "{} {} {} {} {} {} {} {} {}\n", what, shared_now().count(),
                 run.job_id(), run.id(), run.instance(), run.scheduled_for().time_since_epoch().count(),
                 run.attempt(), run.fence(), how);
  if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error("the log of bodies cannot be written");
  }
}

std::vector<body_mark> read_body_log(const std::filesystem::path& file) {
  std::vector<body_mark> marks;
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) {
    std::istringstream words{line};
    body_mark mark;
    char what = 0;
    std::int64_t at = 0, occurrence = 0;
    words >> what >> at >> mark.job >> mark.run >> mark.instance >> occurrence >> mark.attempt >>
        mark.fence >> mark.how;
    if (!words || (what != 'B' && what != 'E'))
      throw std::runtime_error(file.string() + ": not a mark: " + line);
    mark.what = what == 'B' ? body_mark::kind::began : body_mark::kind::ended;
    mark.at = shared_time{at};
    mark.occurrence = instant{milliseconds{occurrence}};
    marks.push_back(std::move(mark));
  }
  return marks;
}

}  // namespace carillon::testing
