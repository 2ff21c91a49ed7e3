#include "goroutines/stack_trace.hpp"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <unordered_map>
#include <utility>
#include <cxxabi.h>
#include <ucontext.h>
#include <unwind.h>

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

// --- names ---------------------------------------------------------------------------------------------

std::string demangled(const char* function) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(function, nullptr, nullptr, &status), &std::free);
  return name != nullptr ? name.get() : function;
}

/// `text` without the bracket that it begins with, and all that lies in it.
std::string_view after_bracket(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(' || text[i] == '<' || text[i] == '{') ++depth;
    const bool arrow = text[i] == '>' && i > 0 && text[i - 1] == '-';
    if (text[i] == ')' || (text[i] == '>' && !arrow) || text[i] == '}') --depth;
    if (depth == 0) return text.substr(i + 1);
  }
  return {};
}

/// Takes `prefix` away from the front of `text`, if it is there.
bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Takes the bracket that `text` begins with away from it, and what may follow a function's parameters.
void skip_parameters(std::string_view& text) {
  text = after_bracket(text);
  while (skip(text, " const") || skip(text, " mutable") || skip(text, " noexcept")) {
  }
}

// --- lines ---------------------------------------------------------------------------------------------

/// Whether a mangled name may be of the reader's code; a lambda's is "operator()".
bool is_readers_function(std::string_view function) {
  for (const std::string_view ours : {"_ZN8conclave6detail", "_ZNK8conclave6detail", "_ZNSt",
                                      "_ZNKSt", "_ZSt", "_ZN5boost", "_ZNK5boost"}) {
    if (function.starts_with(ours)) return false;
  }
  return true;
}

/// What the debug information says of an address.
struct Line {
  std::string_view function;
  std::string_view file;
  int line;

  friend bool operator==(const Line&, const Line&) = default;
};

int add_line(void* data, std::uintptr_t /*address*/, const char* file, int line,
             const char* function) {
  if (file == nullptr) return 0;
  static_cast<std::vector<Line>*>(data)->push_back(
      {function != nullptr ? function : "", file, line});
  return 0;
}

void ignore_error(void* /*data*/, const char* /*message*/, int /*number*/) {}

/// The calls at `address`, innermost first: a function's, and those that were inlined there.
std::vector<Line> found_at(CallAddress address) {
  // Threaded: another thread, or a signal handler on this one, may report at the same time.
  static backtrace_state* state = backtrace_create_state(nullptr, 1, ignore_error, nullptr);
  std::vector<Line> lines;
  backtrace_pcinfo(state, address, add_line, ignore_error, &lines);
  return lines;
}

/// Whether `more` has the calls of `less`, and inlined ones in the place of its first.
bool completes(const std::vector<Line>& more, const std::vector<Line>& less) {
  if (more.size() <= less.size()) return false;
  const auto rest = more.end() - static_cast<std::ptrdiff_t>(less.size());
  return more.front().file == less.front().file && more.front().line == less.front().line &&
         rest->function == less.front().function &&
         std::equal(rest + 1, more.end(), less.begin() + 1);
}

bool passes(const std::vector<Line>& lines, const std::source_location& place) {
  return std::ranges::any_of(lines, [&](const Line& line) {
    return line.file == place.file_name() && std::cmp_equal(line.line, place.line());
  });
}

/// found_at(), mended.  Where the code of inlined calls lies interleaved, libbacktrace overlooks some and says that a
/// line of a header belongs to the function around it.  We know one of them: `through`.  At another address with the
/// same line libbacktrace finds it.
std::vector<Line> lines_at(CallAddress address, const std::source_location* through) {
  constexpr CallAddress kReach = 512;
  std::vector<Line> lines = found_at(address);
  if (through == nullptr || lines.empty() || is_readers(lines.front().file) ||
      !is_readers_function(lines.front().function) || passes(lines, *through)) {
    return lines;
  }
  for (CallAddress distance = 1; distance <= kReach; ++distance) {
    for (const CallAddress near : {address - distance, address + distance}) {
      std::vector<Line> other = found_at(near);
      if (completes(other, lines) && passes(other, *through)) return other;
    }
  }
  return lines;
}

}  // namespace

// --- walking -------------------------------------------------------------------------------------------

Interrupted interrupted_at(const void* ucontext) noexcept {
  const mcontext_t& registers = static_cast<const ucontext_t*>(ucontext)->uc_mcontext;
#if defined(__x86_64__)
  const auto& general = registers.gregs;
  return {.instruction = static_cast<std::uintptr_t>(general[REG_RIP]),
          .stack = static_cast<std::uintptr_t>(general[REG_RSP])};
#elif defined(__aarch64__)
  return {.instruction = registers.pc, .stack = registers.sp};
#else
#error "stack_trace.cpp: say which registers hold instruction and stack on this machine"
#endif
}

std::size_t walk_stack(const void* frame, const void* edge, std::span<CallAddress> calls) noexcept {
  struct Frame {
    const Frame* caller;
    std::uintptr_t return_address;
  };
  const auto address = [](const void* pointer) {
    return reinterpret_cast<std::uintptr_t>(pointer);
  };

  std::size_t count = 0;
  std::uintptr_t low = address(frame);
  for (const auto* here = static_cast<const Frame*>(frame); count < calls.size();
       here = here->caller) {
    const bool plausible = here != nullptr && address(here) >= low &&
                           address(here) % sizeof(void*) == 0 && address(here) < address(edge) &&
                           address(edge) - address(here) >= sizeof(Frame);
    if (!plausible || here->return_address == 0) break;
    calls[count++] = here->return_address - 1;
    low = address(here) + sizeof(Frame);
  }
  return count;
}

std::size_t unwind_stack(CallAddress from, const void* edge,
                         std::span<CallAddress> calls) noexcept {
  struct Walk {
    CallAddress from;
    std::uintptr_t edge;
    std::span<CallAddress> calls;
    std::size_t count = 0;
  } walk{from, reinterpret_cast<std::uintptr_t>(edge), calls};

  const auto visit = [](_Unwind_Context* context, void* data) {
    auto& to = *static_cast<Walk*>(data);
    int at_instruction = 0;  // of an interrupted function; behind it, where a function has called
    const _Unwind_Ptr next = _Unwind_GetIPInfo(context, &at_instruction);
    const CallAddress address = at_instruction != 0 ? next : next - 1;
    if (to.count == 0 && to.from != 0 && address != to.from) return _URC_NO_REASON;
    if (next == 0 || to.count == to.calls.size() || _Unwind_GetCFA(context) >= to.edge) {
      return _URC_END_OF_STACK;
    }
    to.calls[to.count++] = address;
    return _URC_NO_REASON;
  };
  _Unwind_Backtrace(visit, &walk);
  return walk.count;
}

// --- symbols -------------------------------------------------------------------------------------------

bool is_readers(std::string_view file) noexcept {
  const auto has = [file](std::string_view part) {
    return file.find(part) != std::string_view::npos;
  };
  return !file.starts_with("/usr/") && !has("01-goroutines/goroutines/") &&
         !has("02-channels/channels/");
}

std::string short_name(std::string_view function) {
  if (function == "operator()") return "lambda";  // all that GCC writes down of one that is inlined
  std::string name;
  while (!function.empty()) {
    if (skip(function, "(anonymous namespace)::") || skip(function, "{anonymous}::")) continue;
    if (function.starts_with("{lambda(") || function.starts_with("<lambda(")) {
      skip_parameters(function);
      name += "lambda";
      if (skip(function, "::operator()")) skip_parameters(function);
    } else if (function.starts_with("operator") && (name.empty() || name.ends_with("::"))) {
      const std::size_t parameters =
          function.find('(', function.starts_with("operator()") ? 10 : 8);
      name += function.substr(0, parameters);
      function.remove_prefix(std::min(parameters, function.size()));
    } else if (function.front() == '(') {
      skip_parameters(function);
      if (!function.starts_with("::")) break;
    } else if (function.front() == '<') {
      function = after_bracket(function);
    } else {
      if (function.front() == ' ') {
        name.clear();  // it was the result
      } else {
        name += function.front();
      }
      function.remove_prefix(1);
    }
  }
  return name;
}

std::vector<Call> readers_calls(std::span<const CallAddress> calls,
                                const std::source_location* through) {
  std::unordered_map<CallAddress, std::vector<Line>> known;  // a deep recursion has few
  std::vector<Call> found;
  for (const CallAddress address : calls) {
    const auto [entry, is_new] = known.try_emplace(address);
    if (is_new) entry->second = lines_at(address, through);
    for (const auto& [function, file, line] : entry->second) {
      if (function.find("Processor7execute") != std::string_view::npos) return found;  // the edge
      // The system's own debug information names its files relative to nothing.
      if (!is_readers(file) || !file.starts_with('/')) continue;
      found.push_back({.function = short_name(demangled(std::string(function).c_str())),
                       .place = fmt::format("{}:{}", from_the_root(file), line)});
    }
  }
  return found;
}

}  // namespace conclave::detail
