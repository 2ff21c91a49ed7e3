/// @file
/// The words of a test program: the report of a test that did not pass.
///
/// Laws
///  1. What must hold comes first, then what happened.
///  2. Every line but the first is a label and its text; the texts stand in one column.
///  3. The brief form shows at most sixteen lines of output, and says what it leaves out.
///
/// Call from anywhere.
#pragma once

#include <string>
#include <string_view>

#include "testing/verdict.hpp"

namespace conclave::isolation {

/// How much a report says, and the command it names.
struct Telling {
  bool brief = false;   ///< at most sixteen lines of output, those that tell most
  std::string command;  ///< runs this test again, alone
};

/// The report of a test that did not pass; ends with a line break.
/// @param test   its full name, as in `ForAll.ReturnsAfterTheLastOne`
std::string report(std::string_view test, const Verdict& verdict, const Telling& telling);

/// The test's name as a sentence: `ForAll: returns after the last one`; the number of a parameter
/// in brackets.
std::string sentence_of(std::string_view test);

/// `  what happened  : ` and so on: a label with the colon in the column that all labels share.
std::string label_of(std::string_view label);
/// A labelled text; its further lines are aligned to the first; ends with a line break.
std::string line_of(std::string_view label, std::string_view text);
/// The text without that alignment.
std::string unaligned(std::string_view text);

}  // namespace conclave::isolation
