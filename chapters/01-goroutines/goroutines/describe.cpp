#include "goroutines/describe.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/place.hpp"
#include "goroutines/processor.hpp"

namespace conclave::detail {
namespace {

constexpr std::size_t kLinesShown = 16;    // of one goroutine's calls
constexpr std::size_t kNumbersListed = 4;  // of one entry's goroutines

/// Goroutines that a report shows as one.
struct Entry {
  const Goroutine* first;
  std::string state;
  std::vector<CallAddress> calls;
  std::vector<std::uint64_t> numbers;
  Duration shortest;
  Duration longest;
};

std::string state_of(const Processor& processor, const Goroutine& goroutine) {
  if (&goroutine == current_goroutine) return goroutine.ending ? "unwinding" : "running";
  const Wait* wait = goroutine.wait;
  if (wait == nullptr) {
    const bool paused = goroutine.group != nullptr && goroutine.group->paused() != nullptr;
    return paused ? "runnable, but its group is paused" : "runnable";
  }
  const bool ended = goroutine.orphaned || processor.lay_in_mains_frame(wait->object);
  if (wait->explain == nullptr || ended) return wait->call;
  return fmt::format("{}: {}", wait->call, wait->explain(wait->object));
}

/// "3 min"; empty for less than a second.
std::string rough(Duration d) {
  using std::chrono::duration_cast;
  const auto seconds = duration_cast<std::chrono::seconds>(d).count();
  if (seconds < 1) return "";
  if (seconds < 60) return fmt::format("{} s", seconds);
  if (seconds < 60 * 60) return fmt::format("{} min", seconds / 60);
  if (seconds < 24 * 60 * 60) return fmt::format("{} h", seconds / (60 * 60));
  return fmt::format("{} d", seconds / (24 * 60 * 60));
}

std::string since(Duration shortest, Duration longest) {
  const std::string least = rough(shortest);
  const std::string most = rough(longest);
  if (most.empty()) return "";
  if (least == most) return fmt::format(" for {}", most);
  return fmt::format(" for {} to {}", least.empty() ? "0 s" : least, most);
}

/// "goroutine 2 (logger)", "goroutines 3 to 1000 (998 of them)".
std::string who(const std::string& name, std::span<const std::uint64_t> numbers) {
  if (numbers.size() == 1) {
    return fmt::format("goroutine {}{}", numbers.front(),
                       name.empty() ? "" : fmt::format(" ({})", name));
  }
  std::string list;
  if (numbers.back() - numbers.front() + 1 == numbers.size()) {
    list = fmt::format("{} to {}", numbers.front(), numbers.back());
  } else if (numbers.size() <= kNumbersListed) {
    list = fmt::format("{}", fmt::join(numbers, ", "));
  } else {
    list = fmt::format("{}, ... {}", fmt::join(numbers.first(kNumbersListed - 1), ", "),
                       numbers.back());
  }
  return fmt::format("goroutines {} ({}{} of them)", list, name.empty() ? "" : name + ", ",
                     numbers.size());
}

/// The reader's calls with `place` as the innermost, which is where the caller says that it stood.
std::vector<Call> calls_from(const std::source_location* place,
                             std::span<const CallAddress> addresses) {
  const bool standards = place != nullptr && !is_readers(place->file_name());  // a guard's
  std::vector<Call> calls = readers_calls(addresses, standards ? place : nullptr);
  if (place == nullptr || standards) return calls;

  Call said{.function = short_name(place->function_name()), .place = to_string(*place)};
  const auto there = std::ranges::find(calls, said.place, &Call::place);
  if (there != calls.end()) {
    calls.erase(calls.begin(), there);  // a function of the reader's passed its caller's place on
  } else if (!calls.empty() && said.function.ends_with(calls.front().function)) {
    calls.front().place = said.place;  // another line of the same call
  } else {
    calls.insert(calls.begin(), said);  // its frame is gone: the call was the last thing it did
  }
  return calls;
}

/// "    in transfer, called at bank.cpp:37" for every call but the goroutine's own function.
std::string call_lines(std::span<const Call> calls) {
  std::string text;
  std::size_t lines = 0;
  for (std::size_t i = 0; i + 1 < calls.size(); ++lines) {
    if (lines == kLinesShown) {
      return text + fmt::format("    ... and {} more calls\n", calls.size() - 1 - i);
    }
    const Call& inner = calls[i];
    const Call& outer = calls[i + 1];
    std::size_t times = 0;
    while (i + 1 < calls.size() && calls[i].function == inner.function &&
           calls[i + 1].place == outer.place) {
      ++i;
      ++times;
    }
    text += fmt::format("    in {}, called at {}{}\n", inner.function, outer.place,
                        times > 1 ? fmt::format(" ({} times)", times) : "");
  }
  return text;
}

std::string describe(std::string_view heading, std::string_view label,
                     const std::source_location* place, std::span<const CallAddress> addresses,
                     const std::source_location& started_at) {
  const std::vector<Call> calls = calls_from(place, addresses);
  std::string text = fmt::format("{}\n", heading);
  if (!label.empty() && (!calls.empty() || place != nullptr)) {
    text += fmt::format("    {:<10} {}\n", label,
                        calls.empty() ? to_string(*place) : calls.front().place);
  }
  return text + call_lines(calls) + fmt::format("    started at {}\n", to_string(started_at));
}

std::string describe(const Entry& entry) {
  const Goroutine& goroutine = *entry.first;
  const Wait* wait = goroutine.wait;
  const std::string heading =
      fmt::format("{} [{}]{}", who(goroutine.full_name(), entry.numbers), entry.state,
                  wait != nullptr ? since(entry.shortest, entry.longest) : "");
  const std::string_view label = &goroutine == current_goroutine ? "runs at"
                                 : wait != nullptr               ? "waits at"
                                                                 : "goes on at";
  return describe(heading, label, wait != nullptr ? &wait->place : nullptr, entry.calls,
                  goroutine.started_at);
}

/// What two goroutines have in common that are one entry.
std::string key_of(const Goroutine& goroutine, const std::string& state,
                   std::span<const CallAddress> calls) {
  const auto* place = goroutine.wait != nullptr ? &goroutine.wait->place : nullptr;
  return fmt::format("{}|{}|{}|{}|{}", goroutine.full_name(), state,
                     to_string(goroutine.started_at), place != nullptr ? to_string(*place) : "",
                     fmt::join(calls, " "));
}

}  // namespace

std::string describe_goroutines(const Processor& processor, std::span<const CallAddress> running) {
  const RuntimeCode runtime;
  std::vector<const Goroutine*> goroutines = processor.goroutines();
  std::ranges::stable_partition(
      goroutines, [](const Goroutine* goroutine) { return goroutine == current_goroutine; });

  const TimePoint now = processor.run_time();
  const std::vector<CallAddress> running_calls(running.begin(), running.end());
  std::vector<Entry> entries;
  std::unordered_map<std::string, std::size_t> entry_of;
  std::size_t more = 0;
  for (const Goroutine* goroutine : goroutines) {
    const bool runs = goroutine == current_goroutine;
    std::vector<CallAddress> calls =
        runs ? running_calls : processor.calls_to(goroutine->frame, *goroutine);
    std::string state = state_of(processor, *goroutine);
    const bool folds = !runs && goroutine->wait != nullptr && goroutine->wait->folds;
    const std::string key = key_of(*goroutine, folds ? goroutine->wait->call : state, calls);
    const auto known = entry_of.find(key);
    if (known == entry_of.end() && entries.size() == kEntriesShown) {
      ++more;
      continue;
    }
    const Duration waited = now - goroutine->parked_at;
    if (known == entry_of.end()) {
      entry_of.emplace(key, entries.size());
      entries.push_back(
          {goroutine, std::move(state), std::move(calls), {goroutine->id}, waited, waited});
    } else {
      Entry& entry = entries[known->second];
      entry.numbers.push_back(goroutine->id);
      if (state != entry.state) entry.state = goroutine->wait->call;
      entry.shortest = std::min(entry.shortest, waited);
      entry.longest = std::max(entry.longest, waited);
    }
  }

  std::string text;
  for (const Entry& entry : entries) text += (text.empty() ? "" : "\n") + describe(entry);
  if (more > 0) text += fmt::format("\n... and {} more goroutines\n", more);
  return text;
}

std::string describe_goroutine(const Goroutine& goroutine, std::string_view state,
                               std::string_view label, const std::source_location* place,
                               std::span<const CallAddress> calls) {
  const std::array number{goroutine.id};
  return describe(fmt::format("{} [{}]", who(goroutine.full_name(), number), state), label, place,
                  calls, goroutine.started_at);
}

}  // namespace conclave::detail
