#include "goroutines/report.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <span>
#include <string>
#include <cxxabi.h>

#include <fmt/format.h>

#include "common/place.hpp"
#include "goroutines/blocking.hpp"
#include "goroutines/call_site.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/processor.hpp"
#include "goroutines/stack_trace.hpp"

namespace conclave::detail {
namespace {

constexpr int kStatus = 2;  // as in Go
constexpr std::size_t kGoroutinesShown = 100;

[[noreturn]] void end_program(const std::string& last_words) {
  std::cout.flush();
  std::fflush(nullptr);
  std::fputs(last_words.c_str(), stderr);
  std::fflush(stderr);
  std::_Exit(kStatus);
}

std::string heading(const Goroutine& goroutine, const std::string& state) {
  const std::string name = goroutine.name.empty() ? "" : fmt::format(" ({})", goroutine.name);
  return fmt::format("goroutine {}{} [{}]\n", goroutine.id, name, state);
}

std::string started_line(const Goroutine& goroutine) {
  return fmt::format("    started at {}\n", to_string(goroutine.started_at));
}

std::vector<Call> calls_of(const Processor& processor, const Goroutine& goroutine) {
  std::array<CallAddress, kCallsMax> calls;
  const std::size_t count = walk_stack(goroutine.frame, processor.edge_of(goroutine), calls);
  return readers_calls(std::span(calls).first(count));
}

std::string describe(const Processor& processor, const Goroutine& goroutine) {
  const Wait* wait = goroutine.wait;
  if (wait == nullptr) return heading(goroutine, "runnable") + started_line(goroutine);
  std::string state = wait->call;
  if (wait->explain != nullptr) state += fmt::format(": {}", wait->explain(wait->object));
  return heading(goroutine, state) +
         fmt::format("    waits at   {}\n",
                     call_site(wait->place, calls_of(processor, goroutine))) +
         started_line(goroutine);
}

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return name != nullptr ? name.get() : type.name();
}

/// What `panic:` is followed by, for the exception that is being handled.
std::string describe_current_exception() {
  try {
    throw;
  } catch (const Panic& panic) {
    return panic.what();
  } catch (const std::exception& error) {
    return fmt::format("uncaught exception {}: {}", type_name(typeid(error)), error.what());
  } catch (...) {
    const std::type_info* type = abi::__cxa_current_exception_type();
    return fmt::format("uncaught exception {}",
                       type != nullptr ? type_name(*type) : "of foreign type");
  }
}

}  // namespace

std::string Holder::describe() const {
  if (goroutine == 0) return "held by nobody";
  return fmt::format("held by goroutine {}", goroutine);
}

void report_deadlock(const Processor& processor) {
  const auto goroutines = processor.goroutines();
  std::string text = "fatal error: all goroutines are asleep - deadlock!\n";
  for (std::size_t i = 0; i < goroutines.size() && i < kGoroutinesShown; ++i) {
    text += fmt::format("\n{}", describe(processor, *goroutines[i]));
  }
  if (goroutines.size() > kGoroutinesShown) {
    text += fmt::format("\n... and {} more goroutines\n", goroutines.size() - kGoroutinesShown);
  }
  end_program(text);
}

void report_uncaught(const Goroutine& goroutine) {
  end_program(fmt::format("panic: {}\n\n{}{}", describe_current_exception(),
                          heading(goroutine, "running"), started_line(goroutine)));
}

void report_no_stack(const Processor& processor, int error_number) {
  end_program(
      fmt::format("fatal error: out of stacks: the kernel refused memory for one more: {}\n"
                  "    goroutines alive: {}; stacks: {} of {} KiB of address space each\n"
                  "    start fewer goroutines at a time, or raise the limit (`ulimit -v`, "
                  "vm.max_map_count, memory)\n",
                  std::strerror(error_number), processor.live(), processor.stacks().count(),
                  processor.stacks().bytes() / 1024));
}

void report_swallowed_unwinding(const Goroutine& goroutine) {
  end_program(fmt::format(
      "fatal error: a goroutine went on after it had been ended: it caught its unwinding\n"
      "    a `catch (...)` must end with `throw;` (or catch std::exception instead)\n\n{}{}",
      heading(goroutine, "running"), started_line(goroutine)));
}

void report_stopped_unwinding(const Goroutine& goroutine, const std::source_location& place) {
  end_program(fmt::format(
      "fatal error: a goroutine that is to end waits in a destructor, or in another function\n"
      "    that is noexcept, so it cannot be unwound: wait until it has left it\n\n"
      "{}    waited at  {}\n{}",
      heading(goroutine, "unwinding"), to_string(place), started_line(goroutine)));
}

void report_blocking_at_the_end(const Goroutine& goroutine, const std::source_location& place) {
  end_program(
      fmt::format("fatal error: a goroutine is to end, but the function it gave to blocking() "
                  "still runs, {} ms\n"
                  "    later, and nobody can end it: let main wait until it has ended\n\n{}    "
                  "called at  {}\n{}",
                  std::chrono::duration_cast<std::chrono::milliseconds>(kPatience).count(),
                  heading(goroutine, "blocking"), to_string(place), started_line(goroutine)));
}

void report_woken_from_outside(const Goroutine& goroutine) {
  end_program(
      fmt::format("fatal error: a thread outside run() used a channel, a lock or the like, and "
                  "woke a goroutine\n"
                  "    another thread hands a function over with RunHandle::post, and the function "
                  "does it\n\n{}",
                  describe(goroutine)));
}

}  // namespace conclave::detail
