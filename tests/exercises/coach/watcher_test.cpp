// The watcher on real files, and the child with real programs.  Each test waits for the event itself.
#include "coach/watcher.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coach/child.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave::coach {
namespace {

using std::chrono_literals::operator""ms;
using testing::ElementsAre;
using testing::EndsWith;

/// A folder with a file, gone with the test.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "conclave-watcher-XXXXXX";
    path_ = mkdtemp(name.data());
    write("a.cpp", "first");
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::string path(const std::string& name) const { return path_ / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }

 private:
  std::filesystem::path path_;
};

/// Runs `body` with a watcher of a.cpp.
template <class Body>
void with_watcher(bool poll, Body body) {
  const Folder folder;
  run([&] {
    Watcher watcher(poll);
    GoroutineGroup group;
    watcher.watch({folder.path("a.cpp")});
    group.go([&] { watcher.run(); });
    body(folder, watcher);
  });
}

/// The files of the next save.
std::vector<std::string> saved_in(const Watcher& watcher) {
  return watcher.saves().recv().value_or(std::vector<std::string>{});
}

TEST(Watcher, SeesAWrite) {
  for (const bool poll : {false, true}) {
    with_watcher(poll, [](const Folder& folder, Watcher& watcher) {
      folder.write("a.cpp", "second, and longer");
      EXPECT_THAT(saved_in(watcher), ElementsAre(folder.path("a.cpp")));
    });
  }
}

TEST(Watcher, SeesARename) {
  with_watcher(false, [](const Folder& folder, Watcher& watcher) {
    folder.write("b", "second");
    std::filesystem::rename(folder.path("b"), folder.path("a.cpp"));
    EXPECT_THAT(saved_in(watcher), ElementsAre(folder.path("a.cpp")));
  });
}

TEST(Watcher, SeesTheFileThatComesBack) {
  with_watcher(false, [](const Folder& folder, Watcher& watcher) {
    std::filesystem::remove(folder.path("a.cpp"));
    folder.write("a.cpp", "second");
    EXPECT_THAT(saved_in(watcher), ElementsAre(folder.path("a.cpp")));
  });
}

TEST(Watcher, KnowsWhatItSettledFor) {
  with_watcher(false, [](const Folder& folder, Watcher& watcher) {
    folder.write("a.cpp", "by a reset");
    watcher.settle({folder.path("a.cpp")});
    folder.write("other", "noise");  // has it look
    EXPECT_EQ(select(recv(watcher.saves()), timeout(100ms)), 1);
  });
}

TEST(Watcher, TellsWhichFilesWereSavedAndThoseOfSavesThatNobodyHasReceivedTogether) {
  with_watcher(false, [](const Folder& folder, Watcher& watcher) {
    folder.write("b.cpp", "first");
    watcher.watch({folder.path("a.cpp"), folder.path("b.cpp")});
    folder.write("b.cpp", "second, and longer");
    EXPECT_THAT(saved_in(watcher), ElementsAre(folder.path("b.cpp")));

    folder.write("a.cpp", "third");
    while (watcher.saves().len() == 0) sleep_for(1ms);
    folder.write("b.cpp", "third");
    sleep_for(
        10ms);  // in which it most likely sees the second save, while nobody has received the first
    std::set<std::string> saved;
    while (saved.size() < 2) {
      for (const std::string& file : saved_in(watcher)) saved.insert(file);
    }
  });
}

TEST(Watcher, SettlesForTheFilesThatAreNamedAndNoOthers) {
  const Folder folder;
  folder.write("b.cpp", "first");
  run([&] {
    Watcher watcher(false);
    watcher.watch({folder.path("a.cpp"), folder.path("b.cpp")});
    folder.write("a.cpp", "by a reset");
    folder.write("b.cpp", "by the reader");
    watcher.settle({folder.path("a.cpp")});
    GoroutineGroup group;
    group.go([&] { watcher.run(); });

    EXPECT_THAT(saved_in(watcher), ElementsAre(folder.path("b.cpp")));
  });
}

TEST(Watcher, LosesNoSaveWhenItIsToldOfMoreFiles) {
  with_watcher(false, [](const Folder& folder, Watcher& watcher) {
    folder.write("b.cpp", "first");
    folder.write("a.cpp", "second, and longer");
    watcher.watch({folder.path("a.cpp"), folder.path("b.cpp")});
    folder.write("other", "noise");  // has it look

    EXPECT_THAT(saved_in(watcher), ElementsAre(folder.path("a.cpp")));
  });
}

TEST(Watcher, SaysWhyItPolls) {
  with_watcher(false, [](const Folder& folder, Watcher& watcher) {
    EXPECT_EQ(watcher.polling(), "");
    watcher.watch({folder.path("no/such/folder/a.cpp")});
    EXPECT_THAT(watcher.polling(), EndsWith("no/such/folder: No such file or directory"));
  });
}

TEST(Child, EndsWithItsStatusAndItsOutput) {
  run([] {
    const Ending ending = run_child(
        {.words = {"/bin/sh", "-c", "echo $A; echo b >&2; exit 7"}, .environment = {"A=a"}}, {});

    EXPECT_TRUE(ending.exited_with(7));
    EXPECT_EQ(ending.output, "a\nb\n");
  });
}

TEST(Child, IsHeardWhileItRuns) {
  run([] {
    const Folder folder;  // its pipe holds the child until it was heard
    const std::string pipe = folder.path("pipe");
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    bool was_heard = false;
    const Ending ending = run_child(
        {.words = {"/bin/sh", "-c", "echo begun; read answer <" + pipe + "; echo $answer"},
         .environment = {}},
        {}, [&](std::string_view so_far) {
          if (so_far == "begun\n" && !std::exchange(was_heard, true))
            std::ofstream(pipe) << "ended\n";
        });

    EXPECT_EQ(ending.output, "begun\nended\n");
  });
}

TEST(Child, ThatCannotBeStartedSaysWhy) {
  run([] {
    const Ending ending = run_child({.words = {"/no/such/program"}, .environment = {}}, {});

    EXPECT_EQ(ending.how, Ending::How::not_started);
    EXPECT_EQ(ending.status, ENOENT);
  });
}

TEST(Child, IsGoneWithItsGroupWhenItIsCancelled) {
  run([] {
    auto [context, cancel] = with_cancel({});
    const Folder folder;
    WaitGroup running;
    Ending ending;
    Watcher watcher(false);
    GoroutineGroup group;
    watcher.watch({folder.path("a.cpp")});
    group.go([&] { watcher.run(); });
    running.go([&, context = context] {
      ending = run_child(
          {.words = {"/bin/sh", "-c", "sleep 1000 & echo $! > " + folder.path("a.cpp") + "; wait"},
           .environment = {}},
          context);
    });
    (void)watcher.saves().recv();  // it has begun

    cancel();
    running.wait();

    EXPECT_EQ(ending.how, Ending::How::cancelled);
    int sleeper = 0;
    std::ifstream(folder.path("a.cpp")) >> sleeper;
    EXPECT_GT(sleeper, 0);
    EXPECT_FALSE(std::filesystem::exists("/proc/" + std::to_string(sleeper)));
  });
}

TEST(Child, PrintsWithoutEndWithinItsBounds) {
  run([] {
    auto [context, cancel] = with_timeout({}, 200ms);
    const Ending ending = run_child({.words = {"/usr/bin/yes"}, .environment = {}}, context);

    EXPECT_EQ(ending.how, Ending::How::timed_out);
    EXPECT_LT(ending.output.size(), kOutputBytesMax + 100);
    EXPECT_THAT(ending.output, EndsWith("more bytes are left out)\n"));
  });
}

}  // namespace
}  // namespace conclave::coach
