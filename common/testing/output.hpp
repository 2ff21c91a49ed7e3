/// @file
/// What a program printed, as much of it as a report needs.
///
/// Call from anywhere.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace conclave::isolation {

/// Standard output and error of a child, in one stream and in order: the first and the last 32 KiB.
class Output {
 public:
  /// What is kept of the beginning, and of the end.
  static constexpr std::size_t kHalfSizeMax = 32 * 1024;

  /// Takes the next bytes.
  void append(std::string_view bytes);
  /// What was kept, with a line in the middle that says how many bytes were left out.
  [[nodiscard]] std::string text() const;

 private:
  std::string first_;
  std::string last_;  // of what came after first_
  std::size_t left_out_size_ = 0;
};

}  // namespace conclave::isolation
