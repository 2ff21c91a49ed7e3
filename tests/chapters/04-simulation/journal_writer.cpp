// A program that appends to the journal in a folder until it is killed, and says what it has found and what is acknowledged:
//
//     found 117        records, each another one
//     ack 118          the record with that index is durable
//
// real_journal_test.cpp kills it.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <unistd.h>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"
#include "simulation/journal.hpp"
#include "simulation/real_disk.hpp"

namespace conclave {
namespace {

constexpr int kWriters = 8;

void say(const char* what, std::uint64_t number) {
  fmt::print("{} {}\n", what, number);
  std::fflush(stdout);
}

void append_for_ever(const std::string& folder) {
  const auto disk = RealDisk::open_folder(folder).value();
  Recovered found;
  const auto journal = Journal::open(*disk, "log", found, {.segment_bytes = 1U << 18U}).value();
  const std::set<std::string> different(found.records.begin(), found.records.end());
  ensure(different.size() == found.records.size(), "each record is found once");
  say("found", found.records.size());

  WaitGroup writers;
  for (int writer = 0; writer < kWriters; ++writer) {
    writers.go([&, writer] {
      for (int i = 0;; ++i) {
        say("ack",
            journal
                ->append(fmt::format("{}.{}.{} {}", ::getpid(), writer, i, std::string(200, '.')))
                .value());
      }
    });
  }
}

}  // namespace
}  // namespace conclave

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "journal_writer FOLDER\n");
    return 2;
  }
  conclave::run([&] { conclave::append_for_ever(argv[1]); });
}
