#include "support/apart.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "common/todo.hpp"
#include "testing/journal.hpp"

namespace conclave {
namespace {

/// Fails this test as the entry says that it failed in there.
void fail_again(const isolation::Entry& failure) {
  const std::size_t colon = failure.place.rfind(':');
  const std::string file = failure.place.substr(0, colon);
  const int line = colon == std::string::npos ? 0 : std::stoi(failure.place.substr(colon + 1));
  constexpr std::string_view kFailed = "Failed\n";  // which GoogleTest puts before the message
  std::string_view text = failure.text;
  if (text.starts_with(kFailed)) text.remove_prefix(kFailed.size());
  ADD_FAILURE_AT(file.c_str(), line) << text;
}

}  // namespace

Apart run_apart(const std::function<void()>& body) {
  const auto limit = std::chrono::seconds(60);
  Apart apart;
  apart.ending = isolation::run_in_child(
      [&] {
        const rlimit processor_time{kProcessorSecondsMax, kProcessorSecondsMax};
        ::setrlimit(RLIMIT_CPU, &processor_time);
        body();
      },
      limit);
  apart.verdict = isolation::judge(apart.ending, limit);
  const std::string& happened = apart.verdict.happened;
  apart.was_running = happened.find("SIGXCPU") != std::string::npos ||
                      happened.find("SIGKILL") != std::string::npos;
  if (apart.verdict.outcome == isolation::Outcome::todo) {
    fmt::print(stderr, "{}", apart.ending.output);
    std::_Exit(kTodoStatus);
  }
  return apart;
}

void end_alike(const Apart& apart) {
  fmt::print(stderr, "{}", apart.ending.output);
  for (const isolation::Entry& entry : apart.ending.journal) {
    if (entry.kind == isolation::Entry::Kind::claim && isolation::Journal::current() != nullptr)
      isolation::Journal::current()->write(entry);
    if (entry.kind == isolation::Entry::Kind::seed) isolation::note_seed(std::stoull(entry.text));
    if (entry.kind == isolation::Entry::Kind::failure) fail_again(entry);
  }
  if (const int status = WEXITSTATUS(apart.ending.wait_status); status != 0) std::_Exit(status);
  if (WIFSIGNALED(apart.ending.wait_status)) std::abort();
}

void must_come_to_rest(const Claim& claim, std::string_view happened,
                       const std::function<void()>& body) {
  const Apart apart = run_apart(body);
  if (!apart.was_running) return end_alike(apart);
  fmt::print(stderr, "{}", apart.ending.output);
  report_broken(claim, happened);
}

}  // namespace conclave
