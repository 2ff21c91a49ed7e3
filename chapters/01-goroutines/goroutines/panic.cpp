#include "goroutines/panic.hpp"

#include <utility>

#include <fmt/format.h>

#include "common/place.hpp"

namespace conclave {

Panic::Panic(std::string message, std::source_location place)
    : message_(std::move(message)),
      what_(fmt::format("{}\n    at {}", message_, to_string(place))),
      place_(place) {}

void panic(std::string message, std::source_location place) {
  throw Panic(std::move(message), place);
}

}  // namespace conclave
