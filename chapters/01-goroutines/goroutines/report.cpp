#include "goroutines/report.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <cxxabi.h>

#include <fmt/format.h>

#include "goroutines/blocking.hpp"
#include "goroutines/describe.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/processor.hpp"

namespace conclave::detail {
namespace {

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return name != nullptr ? name.get() : type.name();
}

}  // namespace

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

std::string Holder::describe() const {
  if (goroutine == 0) return "held by nobody";
  return fmt::format("held by goroutine {}", goroutine);
}

void end_program(const std::string& last_words) {
  std::cout.flush();
  std::fflush(stdout);  // not all: another thread may wait in one that it reads, and hold its lock
  std::fputs(last_words.c_str(), stderr);
  std::fflush(stderr);
  std::_Exit(kReportStatus);
}

void report_deadlock(const Processor& processor) {
  end_program("fatal error: all goroutines are asleep - deadlock!\n\n" +
              describe_goroutines(processor, {}));
}

void report_uncaught(const Goroutine& goroutine, std::span<const CallAddress> calls) {
  std::optional<std::source_location> place;
  try {
    throw;
  } catch (const Panic& panic) {
    place = panic.place();
  } catch (...) {  // says nothing of its place
  }
  const bool said = place && is_readers(place->file_name());  // in the panic's own words
  end_program(fmt::format("panic: {}\n\n{}", describe_current_exception(),
                          describe_goroutine(goroutine, "running", said ? "" : "thrown at",
                                             place ? &*place : nullptr, calls)));
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

void report_swallowed_unwinding(const Goroutine& goroutine, std::span<const CallAddress> calls) {
  end_program(
      "fatal error: a goroutine went on after it had been ended: it caught its unwinding\n"
      "    a `catch (...)` must end with `throw;` (or catch std::exception instead)\n\n" +
      describe_goroutine(goroutine, "running", "runs at", nullptr, calls));
}

void report_stopped_unwinding(const Goroutine& goroutine, const std::source_location& place) {
  end_program(
      "fatal error: a goroutine that is to end waits in a destructor, or in another function\n"
      "    that is noexcept, so it cannot be unwound: wait until it has left it\n\n" +
      describe_goroutine(goroutine, "unwinding", "waited at", &place, {}));
}

void report_blocking_at_the_end(const Goroutine& goroutine, const std::source_location& place) {
  end_program(
      fmt::format(
          "fatal error: a goroutine is to end, but the function it gave to blocking() still "
          "runs, {} ms\n"
          "    later, and nobody can end it: let main wait until it has ended\n\n",
          std::chrono::duration_cast<std::chrono::milliseconds>(kPatienceForCalls).count()) +
      describe_goroutine(goroutine, "blocking", "called at", &place, {}));
}

void report_woken_from_outside(const Goroutine& goroutine) {
  const Wait& wait = *goroutine.wait;
  end_program(
      "fatal error: a thread outside run() used a channel, a lock or the like, and woke a "
      "goroutine\n"
      "    another thread hands a function over with RunHandle::post, and the function does "
      "it\n\n" +
      describe_goroutine(goroutine, wait.call, "waits at", &wait.place, {}));
}

}  // namespace conclave::detail
