// What a disk promises, in both worlds: the laws of disk.hpp that no crash is needed for.
#include "simulation/disk.hpp"

#include <csignal>
#include <string>
#include <vector>
#include <sys/resource.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "disks.hpp"

namespace conclave {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(Disk, ReadsWhatWasWritten) {  // law 1
  on_both_disks([](Disk& disk) {
    const auto file = opened(disk, "votes");

    EXPECT_TRUE(file->write(0, "Castor").ok());
    EXPECT_TRUE(file->write(3, "per").ok());

    EXPECT_EQ(file->read(0, 100).value(), "Casper");
    EXPECT_EQ(file->read(2, 2).value(), "sp");
    EXPECT_EQ(opened(disk, "votes")->read(0, 6).value(), "Casper");
    EXPECT_EQ(file->read(6, 1).value(), "");
    EXPECT_EQ(file->read(1'000'000, 1).value(), "");
    EXPECT_EQ(file->size().value(), 6U);
  });
}

TEST(Disk, ReadsAGapAsZeros) {
  on_both_disks([](Disk& disk) {
    const auto file = opened(disk, "votes");

    EXPECT_TRUE(file->write(2, "b").ok());
    EXPECT_TRUE(file->truncate(5).ok());
    EXPECT_EQ(file->read(0, 9).value(), std::string("\0\0b\0\0", 5));

    EXPECT_TRUE(file->truncate(2).ok());
    EXPECT_TRUE(file->truncate(3).ok());
    EXPECT_EQ(file->read(0, 9).value(), std::string("\0\0\0", 3));
  });
}

TEST(Disk, OpensAsItIsTold) {  // law 5
  on_both_disks([](Disk& disk) {
    EXPECT_EQ(disk.open("votes", Open::existing).status().code(), Code::not_found);
    EXPECT_TRUE(disk.open("votes", Open::fresh).ok());
    EXPECT_EQ(disk.open("votes", Open::fresh).status().code(), Code::already_exists);
    EXPECT_TRUE(disk.open("votes", Open::existing).ok());
    EXPECT_TRUE(disk.open("votes", Open::any).ok());
  });
}

TEST(Disk, RenamesOverWhatIsThere) {  // law 4
  on_both_disks([](Disk& disk) {
    const auto old = opened(disk, "votes");
    EXPECT_TRUE(old->write(0, "old").ok());
    EXPECT_TRUE(opened(disk, "votes.new")->write(0, "new").ok());

    EXPECT_TRUE(disk.rename("votes.new", "votes").ok());

    EXPECT_THAT(disk.list().value(), ElementsAre("votes"));
    EXPECT_EQ(text_of(disk, "votes"), "new");
    EXPECT_EQ(old->read(0, 3).value(), "old");  // who has it open has it still
    EXPECT_TRUE(disk.rename("votes", "votes").ok());
    EXPECT_EQ(disk.rename("nobody", "votes").code(), Code::not_found);
  });
}

TEST(Disk, RemovesAName) {
  on_both_disks([](Disk& disk) {
    const auto file = opened(disk, "votes");
    EXPECT_TRUE(file->write(0, "Castor").ok());

    EXPECT_TRUE(disk.remove("votes").ok());

    EXPECT_THAT(disk.list().value(), ElementsAre());
    EXPECT_EQ(disk.remove("votes").code(), Code::not_found);
    EXPECT_EQ(file->read(0, 6).value(), "Castor");
    EXPECT_TRUE(file->write(6, " and Pollux").ok());
    EXPECT_EQ(file->read(0, 99).value(), "Castor and Pollux");
    EXPECT_EQ(text_of(disk, "votes"), "(none)");
  });
}

TEST(Disk, ListsNamesInTheirOrder) {
  on_both_disks([](Disk& disk) {
    for (const std::string name : {"b", "a", "c.1"}) opened(disk, name);
    EXPECT_THAT(disk.list().value(), ElementsAre("a", "b", "c.1"));
  });
}

TEST(Disk, LeavesItsFolderToNobody) {
  on_both_disks([](Disk& disk) {
    for (const std::string& bad :
         {std::string(), std::string("."), std::string(".."), std::string("a/b"),
          std::string("a\0b", 3), std::string(256, 'a')}) {
      EXPECT_EQ(disk.open(bad, Open::any).status().code(), Code::invalid_argument) << bad;
      EXPECT_EQ(disk.rename(bad, "a").code(), Code::invalid_argument) << bad;
      EXPECT_EQ(disk.rename("a", bad).code(), Code::invalid_argument) << bad;
      EXPECT_EQ(disk.remove(bad).code(), Code::invalid_argument) << bad;
    }
    EXPECT_TRUE(disk.open(std::string(255, 'a'), Open::any).ok());
  });
}

TEST(Disk, WritesAWholeFileAndReadsIt) {
  on_both_disks([](Disk& disk) {
    EXPECT_TRUE(opened(disk, "votes.new")->write(0, std::string(20'000, '.')).ok());  // a crash's
    EXPECT_TRUE(write_whole(disk, "votes", std::string(10'000, 'a')).ok());
    EXPECT_EQ(text_of(disk, "votes"), std::string(10'000, 'a'));
    EXPECT_TRUE(write_whole(disk, "votes", "b").ok());

    EXPECT_EQ(read_whole(disk, "votes", 1).value(), "b");
    EXPECT_EQ(read_whole(disk, "votes", 0).status().code(), Code::resource_exhausted);
    EXPECT_EQ(read_whole(disk, "nobody", 9).status().code(), Code::not_found);
    EXPECT_THAT(disk.list().value(), ElementsAre("votes"));
  });
}

TEST(RealDisk, BelongsToOneAtATime) {  // law 3
  in_virtual_time([] {
    const rpc::Folder folder;
    auto first = RealDisk::open_folder(folder.path(""));
    ASSERT_TRUE(first.ok());

    const Status second = RealDisk::open_folder(folder.path("")).status();
    EXPECT_EQ(second.code(), Code::failed_precondition);
    EXPECT_THAT(to_string(second), HasSubstr("is another process's"));

    first->reset();
    EXPECT_TRUE(RealDisk::open_folder(folder.path("")).ok());
    EXPECT_EQ(RealDisk::open_folder(folder.path("nobody")).status().code(), Code::not_found);
  });
}

// As on a disk that is full: the kernel writes what fits, then says no.
TEST(RealDisk, SaysWhatIsFull) {
  in_virtual_time([] {
    const rpc::Folder folder;
    const auto disk = RealDisk::open_folder(folder.path(""));
    const auto file = opened(**disk, "votes");
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 10'000, .rlim_max = RLIM_INFINITY};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);

    const Status full = file->write(0, std::string(20'000, 'a'));

    EXPECT_EQ(full.code(), Code::resource_exhausted);
    EXPECT_THAT(to_string(full), HasSubstr("cannot write \"votes\""));
    EXPECT_EQ(file->size().value(), 10'000U);
  });
}

// A function that blocks the thread would keep the ticker from ticking.
TEST(RealDisk, NeverBlocksTheThread) {  // law 2
  run([] {
    const rpc::Folder folder;
    const auto disk = RealDisk::open_folder(folder.path(""));
    const auto file = opened(**disk, "votes");
    bool others_ran = false;
    go([&] { others_ran = true; });

    EXPECT_TRUE(file->sync().ok());

    EXPECT_TRUE(others_ran);
  });
}

}  // namespace
}  // namespace conclave
