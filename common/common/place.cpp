#include "common/place.hpp"

#include <fmt/core.h>

namespace conclave {

std::string_view from_the_root(std::string_view file) {
  constexpr std::string_view kRoot = BOOK_ROOT;
  if (file.starts_with(kRoot)) file.remove_prefix(kRoot.size());
  return file;
}

std::string to_string(const std::source_location& place) {
  return fmt::format("{}:{}", from_the_root(place.file_name()), place.line());
}

}  // namespace conclave
