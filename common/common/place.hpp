/// @file
/// A place in the source, as a reader at the root of the book sees it and an editor opens it.
///
/// Laws
///  1. A file of the book is named from the book's root, as in `chapters/x.cpp`.
///  2. Any other file keeps its name.
///
/// Call from anywhere.
#pragma once

#include <source_location>
#include <string>
#include <string_view>

namespace conclave {

/// The name of `file` from the root of the book; as it is when the file lies elsewhere.
[[nodiscard]] std::string_view from_the_root(std::string_view file);

/// `file:line`, the file named from the root.
[[nodiscard]] std::string to_string(const std::source_location& place);

}  // namespace conclave
