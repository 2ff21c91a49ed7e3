/// @file  Exercises about what a program prints when it is stuck: its dump lies beside it, and is what it prints now.
/// Call from a test, outside run().
#pragma once

#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace conclave {

/// The lines of a file of an exercise.
/// @param folder   "01-5-name-the-culprit"
std::vector<std::string> lines_of(std::string_view folder, std::string_view file);

/// Fails the test unless `program`, which ends its process, prints what the file holds.
void must_be_fresh(void (*program)(), std::string_view folder, std::string_view file,
                   std::source_location place = std::source_location::current());

/// Holds a line that the reader names against the lines where the rule is broken.
/// @param right   numbers of lines that break the rule together; each is a good answer
void judge_line(std::string_view id, const std::string& number, std::string_view folder,
                std::string_view file, const std::vector<std::string>& right,
                std::source_location place = std::source_location::current());

}  // namespace conclave
