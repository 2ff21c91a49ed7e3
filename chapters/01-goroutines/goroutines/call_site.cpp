#include "goroutines/call_site.hpp"

#include "common/place.hpp"

namespace conclave::detail {

std::string call_site(const std::source_location& place, std::span<const Call> calls) {
  if (is_readers(place.file_name()) || calls.empty()) return to_string(place);
  return calls.front().place;
}

}  // namespace conclave::detail
