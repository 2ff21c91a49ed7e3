#include "goroutines/call_site.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "common/place.hpp"

// GCC's libbacktrace reads debug information in the process itself.  Its header lies among GCC's own, where
// other compilers' tools do not look; these are the two functions we need.
extern "C" {
struct backtrace_state;
backtrace_state* backtrace_create_state(const char* filename, int threaded,
                                        void (*on_error)(void*, const char*, int), void* data);
int backtrace_pcinfo(backtrace_state* state, std::uintptr_t pc,
                     int (*on_line)(void*, std::uintptr_t, const char*, int, const char*),
                     void (*on_error)(void*, const char*, int), void* data);
}

namespace conclave::detail {
namespace {

constexpr int kFramesMax = 64;
constexpr std::uintptr_t kFrameBytesMax = 64 * 1024;

struct Search {
  std::optional<std::string> found;
  bool at_the_edge = false;  // the scheduler's own frames: nothing of the reader's lies beyond
};

bool belongs_to_us(std::string_view file) {
  return file.find("01-goroutines/goroutines/") != std::string_view::npos;
}

bool is_system_header(std::string_view file) { return file.starts_with("/usr/"); }

int look_at_line(void* data, std::uintptr_t /*pc*/, const char* file, int line,
                 const char* function) {
  auto& search = *static_cast<Search*>(data);
  if (file == nullptr) return 0;
  if (belongs_to_us(file)) {
    search.at_the_edge =
        function != nullptr && std::string_view(function).find("execute") != std::string_view::npos;
    return search.at_the_edge ? 1 : 0;
  }
  if (is_system_header(file)) return 0;
  search.found = fmt::format("{}:{}", from_the_root(file), line);
  return 1;
}

void ignore_error(void* /*data*/, const char* /*message*/, int /*number*/) {}

}  // namespace

std::string call_site(const std::source_location& place, const void* frame) {
  if (!is_system_header(place.file_name()) && !belongs_to_us(place.file_name()))
    return to_string(place);

  static backtrace_state* state = backtrace_create_state(nullptr, 0, ignore_error, nullptr);
  Search search;
  for (int i = 0; i < kFramesMax && frame != nullptr && !search.found && !search.at_the_edge; ++i) {
    const auto* words = static_cast<const std::uintptr_t*>(frame);
    const std::uintptr_t caller_frame = words[0];
    const std::uintptr_t return_address = words[1];
    backtrace_pcinfo(state, return_address - 1, look_at_line, ignore_error, &search);

    const auto this_frame = reinterpret_cast<std::uintptr_t>(frame);
    const bool plausible = caller_frame > this_frame && caller_frame % sizeof(void*) == 0 &&
                           caller_frame - this_frame < kFrameBytesMax;
    frame = plausible ? reinterpret_cast<const void*>(caller_frame) : nullptr;
  }
  return search.found.value_or(to_string(place));
}

}  // namespace conclave::detail
