#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace carillon {

/// What a command prints, on its way: whole lines go on as they come, the end of it all is kept.
class command_output {
 public:
  using line_listener = std::function<void(std::string_view line)>;

  /// Keeps the last `tail_bytes`. A line longer than `line_bytes` is handed on in pieces.
  command_output(std::size_t tail_bytes, std::size_t line_bytes, line_listener on_line);

  void add(std::string_view bytes);
  /// Hands on a last line that has no newline.
  void end();

  /// The last bytes, from the beginning of a line or after "…", without the last newline.
  std::string tail() const;
  /// The last line that is not blank.
  std::string last_line() const;

 private:
  void hand_on(std::string_view line);

  std::size_t tail_bytes_;
  std::size_t line_bytes_;
  line_listener on_line_;
  std::string line_;  // begun, not yet ended
  std::string kept_;  // at most twice `tail_bytes_`
  bool cut_ = false;
  bool in_pieces_ = false;  // a part of the line that is being read has been handed on
};

}  // namespace carillon
