// The journal on this machine's disk.  That a program which is killed loses nothing shows half: what was written is in the page
// cache, and stays.  So the system call is watched, too.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "common/random.hpp"
#include "disks.hpp"
#include "simulation/journal.hpp"
#include "testing/process.hpp"
#include "testing/seed.hpp"

namespace {

std::atomic<int> syncs_returned = 0;  // in this program, since it began

}  // namespace

// Takes the place of the C library's in this program, and does the same.
extern "C" int fdatasync(int fd) {
  const auto result = static_cast<int>(::syscall(SYS_fdatasync, fd));
  ++syncs_returned;
  return result;
}

namespace conclave {
namespace {

using std::chrono_literals::operator""s;

/// The number at the end of a line.
std::uint64_t number_in(const std::string& line) {
  return std::stoull(line.substr(line.rfind(' ')));
}

TEST(RealJournal, AcknowledgesNothingBeforeFdatasyncHasReturned) {
  in_virtual_time([] {
    const rpc::Folder folder;
    const auto disk = RealDisk::open_folder(folder.path("")).value();
    Recovered found;
    const auto journal = Journal::open(*disk, "log", found).value();
    for (int i = 0; i < 20; ++i) {
      const int before = syncs_returned;
      ASSERT_TRUE(journal->append("a").ok());
      EXPECT_EQ(syncs_returned, before + 1);
    }
  });
}

TEST(RealJournal, LosesNothingThatWasAcknowledgedWhenItsProgramIsKilled) {
  constexpr int kKills = kUnderSanitizer ? 20 : 200;
  const rpc::Folder folder;
  Random random(seed_of_this_test());
  Result<Process> writer = Process::start(JOURNAL_WRITER, {folder.path("")});
  ASSERT_TRUE(writer.ok()) << writer.status();
  std::uint64_t acknowledged = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    const Result<std::string> found = writer->wait_for_line("found ", 30s);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_GE(number_in(*found), acknowledged) << "before kill " << kill;

    for (auto acks = random.between(0, 30); acks > 0; --acks) {
      const Result<std::string> line = writer->wait_for_line("ack ", 30s);
      ASSERT_TRUE(line.ok()) << line.status();
      acknowledged = std::max(acknowledged, number_in(*line));
    }
    ASSERT_TRUE(writer->kill().ok());
    for (;;) {  // what it said until then
      const Result<std::string> line = writer->wait_for_line("ack ", 30s);
      if (!line.ok()) break;
      acknowledged = std::max(acknowledged, number_in(*line));
    }
    ASSERT_TRUE(writer->restart().ok());
  }
  EXPECT_GT(acknowledged, static_cast<std::uint64_t>(kKills));
}

}  // namespace
}  // namespace conclave
