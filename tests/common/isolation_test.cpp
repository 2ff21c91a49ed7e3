// Runs planted.cpp, whose tests end in every way a test can, and reads what is said about them.
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/assert.hpp"

namespace conclave {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

struct PlantedRun {
  int status;
  std::string output;    // standard output and error
  std::string verdicts;  // the file, empty when none was wanted
};

/// Runs the planted program by a shell, with `variables` as in "A=1 B=2".
PlantedRun run_planted(const std::string& arguments, const std::string& variables = "") {
  const std::string command = variables + " " PLANTED_PROGRAM " " + arguments + " 2>&1";
  std::FILE* pipe = ::popen(command.c_str(), "r");
  ensure(pipe != nullptr, "popen works");
  PlantedRun run;
  std::array<char, 4096> buffer;
  for (std::size_t size = 0; (size = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    run.output.append(buffer.data(), size);
  }
  const int ending = ::pclose(pipe);
  ensure(WIFEXITED(ending), "the test program itself survives (wait status {})", ending);
  run.status = WEXITSTATUS(ending);
  return run;
}

/// Runs one planted test and collects its verdict.
PlantedRun judge(const std::string& test, const std::string& options = "",
                 const std::string& variables = "") {
  std::string file = testing::TempDir() + "verdicts-XXXXXX";
  const int descriptor = ::mkstemp(file.data());
  ensure(descriptor >= 0, "mkstemp({}) works", file);
  ::close(descriptor);
  PlantedRun run =
      run_planted("--gtest_filter=" + test + " --verdicts=" + file + " " + options, variables);
  std::ifstream stream(file);
  run.verdicts.assign(std::istreambuf_iterator<char>(stream), {});
  std::remove(file.c_str());
  return run;
}

TEST(Isolation, PassingTestIsSilentAndTheProgramEndsWithZero) {
  const PlantedRun run = judge("Planted.Passes");

  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.output, "1 test passed\n");
  EXPECT_EQ(run.verdicts, "Planted.Passes\tpassed\t\n");
}

TEST(Isolation, BrokenClaimSaysWhatMustHoldAndWhatHappened) {
  const PlantedRun run = judge("Planted.KeepsItsPromise", "--first");

  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.output,
              StartsWith("FAIL  Planted.KeepsItsPromise\n"
                         "  what must hold : for_all returns after the last goroutine is done\n"
                         "  what happened  : 3 of 10 had finished\n"
                         "                   then it returned\n"
                         "  at             : "));
  EXPECT_THAT(run.output,
              testing::ContainsRegex("  at             : tests/common/planted.cpp:[0-9]+\n$"));
  EXPECT_EQ(run.verdicts,
            "Planted.KeepsItsPromise\tfailed\t3 of 10 had finished / then it returned\n");
}

TEST(Isolation, PlainAssertionIsSaidInFewWordsAndLaterOnesAreNamed) {
  const PlantedRun run = judge("Planted.ComparesTwoSums");

  EXPECT_THAT(run.output, HasSubstr("  what must hold : Planted: compares two sums\n"
                                    "  what happened  : a lost update\n"
                                    "                   sum (3) is not equal to 4\n"));
  EXPECT_THAT(run.output, HasSubstr("  failed later   : "));
  EXPECT_EQ(run.verdicts,
            "Planted.ComparesTwoSums\tfailed\ta lost update / sum (3) is not equal to 4\n");
}

TEST(Isolation, ExceptionIsAFailure) {
  EXPECT_THAT(judge("Planted.Throws").verdicts,
              AllOf(StartsWith("Planted.Throws\tfailed\t"), HasSubstr("boom")));
}

TEST(Isolation, SkippedTestIsNeitherPassedNorFailed) {
  const PlantedRun run = judge("Planted.Skips");

  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.output, "[  SKIPPED ] Planted.Skips: needs a network\n0 tests passed, 1 skipped\n");
  EXPECT_EQ(run.verdicts, "Planted.Skips\tskipped\tneeds a network\n");
}

TEST(Isolation, DisabledTestRunsOnRequestOnly) {
  const PlantedRun unasked = run_planted("--gtest_filter='Planted.*Disabled:Planted.Passes'");
  EXPECT_EQ(unasked.output, "1 test passed, 1 disabled\n");

  const PlantedRun asked =
      run_planted("--gtest_filter=Planted.DISABLED_IsDisabled --gtest_also_run_disabled_tests");
  EXPECT_EQ(asked.status, 1);
  EXPECT_THAT(asked.output, StartsWith("FAIL  Planted.DISABLED_IsDisabled\n"));
}

TEST(Isolation, CrashIsNamedAndTheLastWordsAreKept) {
  const PlantedRun run = judge("Planted.Aborts:Planted.Segfaults:Planted.Passes");

  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.output, HasSubstr("  it printed     : the last words\n"));
  EXPECT_THAT(
      run.output,
      EndsWith("1 test passed, 2 failed\n  failed: Planted.Segfaults\n  failed: Planted.Aborts\n"));
  EXPECT_THAT(run.verdicts,
              HasSubstr("Planted.Aborts\tcrashed\tit crashed with SIGABRT (Aborted)\n"));
}

TEST(Isolation, CrashOutranksTheFailureBeforeItAndBothAreSaid) {
  const PlantedRun run = judge("Planted.FailsThenAborts");

  EXPECT_THAT(run.output, HasSubstr("  what happened  : 1 is not equal to 2\n"
                                    "  and then       : it crashed with SIGABRT (Aborted)\n"));
  EXPECT_EQ(run.verdicts, "Planted.FailsThenAborts\tcrashed\tit crashed with SIGABRT (Aborted)\n");
}

TEST(Isolation, BrokenAssertionOfTheProgramIsInTheFirstLine) {
  EXPECT_THAT(judge("Planted.BreaksAnAssertion").verdicts,
              HasSubstr("\tcrashed\tit crashed with SIGABRT (Aborted): assertion failed: the sum "
                        "is even (it is 7)\n"));
}

TEST(Isolation, ExitInsideATestIsAFailureWhateverTheStatus) {
  EXPECT_EQ(
      judge("Planted.ExitsWellTooEarly").verdicts,
      "Planted.ExitsWellTooEarly\texited\tthe program ended with status 0 before the test did\n");
  EXPECT_EQ(
      judge("Planted.ExitsWithThree").verdicts,
      "Planted.ExitsWithThree\texited\tthe program ended with status 3 before the test did\n");
}

TEST(Isolation, TodoSaysWhatIsToBeWrittenAndWhere) {
  const PlantedRun run = judge("Planted.IsNotWritten", "--first");

  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.output, StartsWith("TODO  Planted.IsNotWritten\n"
                                     "  what must hold : Planted: is not written\n"
                                     "  still to write : 1.2: start one goroutine for each item\n"
                                     "  at             : "));
  EXPECT_EQ(run.verdicts, "Planted.IsNotWritten\ttodo\t1.2: start one goroutine for each item\n");
}

TEST(Isolation, DeadlockReportIsShown) {
  const PlantedRun run = judge("Planted.Deadlocks", "--first");

  EXPECT_THAT(run.output,
              EndsWith("  it printed     : fatal error: all goroutines are asleep - deadlock!\n"
                       "\n"
                       "                   goroutine 1 [WaitGroup]: main\n"));
  EXPECT_THAT(run.verdicts,
              StartsWith("Planted.Deadlocks\tdeadlock\tdeadlock: every goroutine was asleep"));
}

TEST(Isolation, PanicIsShown) {
  EXPECT_EQ(judge("Planted.Panics").verdicts,
            "Planted.Panics\tpanic\tpanic: WaitGroup below zero\n");
}

TEST(Isolation, DeathBeforeAnAnnouncedClaimNamesItAndThePlaceInTheReadersCode) {
  const PlantedRun run = judge("Planted.PanicsBeforeItsClaim", "--first");

  EXPECT_THAT(run.output, StartsWith("FAIL  Planted.PanicsBeforeItsClaim\n"
                                     "  what must hold : nobody who waits is forgotten (law 2)\n"
                                     "  what happened  : panic: WaitGroup below zero\n"
                                     "  at             : "
                                     "exercises/01-2-wait-for-all/for_all.cpp:15\n"));
}

TEST(Isolation, DeathAfterAnAnnouncedClaimThatHeldDoesNotNameIt) {
  EXPECT_THAT(judge("Planted.PanicsAfterItsClaim").output,
              HasSubstr("  what must hold : Planted: panics after its claim\n"));
}

TEST(Isolation, TodoSaysWhatWillHaveToHold) {
  EXPECT_THAT(judge("Planted.IsNotWrittenAfterAClaim").output,
              HasSubstr("  what must hold : f runs once for every item\n"));
}

TEST(Isolation, RemarkOfATestThatPassesIsInTheFileOfVerdicts) {
  const PlantedRun run = judge("Planted.PassesWithARemark");

  EXPECT_EQ(run.output, "1 test passed\n");
  EXPECT_EQ(run.verdicts, "Planted.PassesWithARemark\tpassed\t6 of 7 were found\n");
}

TEST(Isolation, HungTestIsKilledAtTheLimitWithItsChildren) {
  // Its own child holds the output open: were it not killed too, this would wait for ever.
  const PlantedRun run = judge("Planted.Hangs", "", "CONCLAVE_TEST_TIMEOUT_S=0.2");

  EXPECT_EQ(run.verdicts,
            "Planted.Hangs\thung\tit was still running after 0.2 s, so it was killed\n");
}

TEST(Isolation, TestThatHangsInADestructorAtTheEndIsHung) {
  EXPECT_THAT(
      judge("Planted.HangsWhileLeaving", "", "CONCLAVE_TEST_TIMEOUT_S=0.2").verdicts,
      HasSubstr("\thung\tit was still running after 0.2 s, so it was killed (the test had ended"));
}

TEST(Isolation, ProcessesATestLeavesBehindAreKilled) {
  const PlantedRun run = run_planted("--gtest_filter=Planted.LeavesAChildBehind");
  const std::size_t place = run.output.find("left ");
  ASSERT_NE(place, std::string::npos) << run.output;
  const int child = std::stoi(run.output.substr(place + 5));

  EXPECT_EQ(::kill(child, 0), -1) << "process " << child << " lives, or nobody waited for it";
}

TEST(Isolation, ForkedCopyOfATestCannotSpeakForIt) {
  EXPECT_THAT(judge("Planted.ForksAChildThatFinishesToo").verdicts,
              HasSubstr("\texited\tthe program ended with status 4 before the test did\n"));
}

TEST(Isolation, LongOutputIsCutInTheMiddleAndSaysSo) {
  const PlantedRun run = run_planted("--gtest_filter=Planted.PrintsTooMuch");

  EXPECT_THAT(run.output,
              AllOf(HasSubstr("line 0\n"), HasSubstr("line 99999\n"),
                    HasSubstr(" bytes are left out here)"), Not(HasSubstr("line 50000\n"))));
}

TEST(Isolation, BriefReportShowsTheLastLinesAndTheCommandForTheRest) {
  const PlantedRun run = run_planted("--first --gtest_filter=Planted.PrintsTooMuch");

  EXPECT_THAT(run.output, HasSubstr("  it printed     : line 99984\n"));
  EXPECT_THAT(
      run.output,
      testing::ContainsRegex("[(][0-9]+ more lines: .*--gtest_filter=Planted.PrintsTooMuch[)]\n$"));
}

TEST(Isolation, FirstStopsAtTheFirstFailureAndCountsTheRest) {
  const PlantedRun run = judge("'PlantedStory.*'", "--first");

  EXPECT_THAT(run.output,
              AllOf(HasSubstr("  what happened  : here it breaks\n"),
                    EndsWith("  1 test before it passed, 2 later tests wait for this one\n")));
  EXPECT_EQ(run.verdicts,
            "PlantedStory.ComesFirst\tpassed\t\n"
            "PlantedStory.ComesSecond\tfailed\there it breaks\n");
}

TEST(Isolation, SeedIsNamedAlsoAfterACrash) {
  const PlantedRun run = run_planted("--gtest_filter=Planted.DrawsAndCrashes");

  EXPECT_THAT(run.output,
              testing::ContainsRegex("  seed           : ([0-9]+)  [(]replay: CONCLAVE_SEED=[0-9]+ "
                                     ".*Planted.DrawsAndCrashes[)]"));
  EXPECT_EQ(run.output, run_planted("--gtest_filter=Planted.DrawsAndCrashes").output);
}

TEST(Isolation, SeedOfTheEnvironmentIsUsed) {
  EXPECT_THAT(
      run_planted("--gtest_filter=Planted.DrawsAndFails", "CONCLAVE_SEED=18446744073709551615")
          .output,
      HasSubstr("actual: 18446744073709551615 vs"));
}

TEST(Isolation, SeedsAreTriedUntilOneFailsAndThatOneIsNamed) {
  const PlantedRun all = run_planted("--gtest_filter=Planted.FailsUnderTheThirdSeed");
  EXPECT_THAT(all.output, HasSubstr("rounds: 3\n"));

  const std::size_t place = all.output.find("CONCLAVE_SEED=");
  ASSERT_NE(place, std::string::npos);
  const std::string seed = all.output.substr(place, all.output.find(' ', place) - place);
  EXPECT_EQ(run_planted("--gtest_filter=Planted.FailsUnderTheThirdSeed", seed).output,
            "1 test passed\n")
      << "with a seed chosen there is one round";
}

TEST(Isolation, VerdictOfATestWithSeedsSaysHowManyWereTried) {
  EXPECT_THAT(judge("Planted.FailsUnderTheThirdSeed").verdicts, EndsWith("\t3\n"));
  EXPECT_THAT(judge("Planted.DrawsAndCrashes").verdicts, EndsWith("\t1\n"));
}

TEST(Isolation, SignalThatAShellIgnoresForWhatItRunsInTheBackgroundStillEndsATest) {
  EXPECT_THAT(judge("Planted.Quits", "", "trap '' QUIT;").verdicts,
              StartsWith("Planted.Quits\tcrashed\tit crashed with SIGQUIT"));
}

TEST(Isolation, FailureBeforeTheTestIsItsFailure) {
  EXPECT_EQ(judge("PlantedSuite.IsNotReached").verdicts,
            "PlantedSuite.IsNotReached\tfailed\tthe suite cannot be set up\n");
}

TEST(Isolation, ParametersAreTold) {
  const PlantedRun run = judge("'Few/*'");

  EXPECT_THAT(run.output, HasSubstr("  what must hold : Few/PlantedNumbers: are odd (1)\n"));
  EXPECT_THAT(
      run.verdicts,
      StartsWith("Few/PlantedNumbers.AreOdd/0\tpassed\t\nFew/PlantedNumbers.AreOdd/1\tfailed\t"));
}

TEST(Isolation, DeathTestsWorkInBothStyles) {
  EXPECT_EQ(judge("PlantedDeathTest.KeepsWorking").verdicts,
            "PlantedDeathTest.KeepsWorking\tpassed\t\n");
}

TEST(Isolation, ListRepeatAndShuffleKeepWorking) {
  EXPECT_EQ(run_planted("--gtest_list_tests --gtest_filter='PlantedStory.*First'").output,
            "PlantedStory.\n  ComesFirst\n");
  EXPECT_EQ(run_planted("--gtest_filter='PlantedStory.*First' --gtest_repeat=2").output,
            "round 1\n1 test passed\nround 2\n1 test passed\n");

  const std::string shuffled = "'PlantedStory.*' --gtest_shuffle --gtest_random_seed=";
  std::string orders;
  for (const char* seed : {"1", "1", "2", "3", "4"})
    orders += judge(shuffled + seed).verdicts + "\n";
  EXPECT_THAT(orders, HasSubstr("\nPlantedStory.ComesLast\tpassed\t\nPlantedStory.Comes"))
      << "never before another";
}

TEST(Isolation, InProcessRunsTheTestsAsGoogleTestDoes) {
  const PlantedRun run =
      run_planted("--in-process --gtest_filter=Planted.DrawsAndFails", "CONCLAVE_SEED=7");

  EXPECT_EQ(run.status, 1);
  EXPECT_THAT(run.output, AllOf(HasSubstr("[ RUN      ] Planted.DrawsAndFails"),
                                HasSubstr("CONCLAVE_SEED=7\n")));
}

TEST(Isolation, NothingSelectedIsAnError) {
  for (const char* mode : {"", " --in-process"}) {
    const PlantedRun none = run_planted(std::string("--gtest_filter=Nobody.*") + mode);
    EXPECT_EQ(none.status, 2);
    EXPECT_THAT(none.output, HasSubstr("no test to run: \"Nobody.*\" matches none of "));
  }
  EXPECT_THAT(run_planted("--gtest_filter=Planted.DISABLED*").output,
              HasSubstr("is disabled (1 test)"));
}

TEST(Isolation, WhatCannotBeUnderstoodIsNamed) {
  const auto refuses = [](const std::string& arguments, const std::string& variables,
                          const std::string& text) {
    const PlantedRun run = run_planted(arguments + " --gtest_filter=Planted.Passes", variables);
    EXPECT_EQ(run.status, 2) << run.output;
    EXPECT_THAT(run.output, HasSubstr(text));
  };
  refuses("--frist", "", "\"--frist\" is not an option of a test program; --help lists them all");
  refuses("--gtest_filer=x", "", "\"--gtest_filer=x\" is not an option");
  refuses("--verdicts=", "", "\"--verdicts=\" is not an option");
  refuses("--verdicts=/nowhere/file", "",
          "--verdicts=/nowhere/file cannot be written: No such file or directory");
  refuses("--in-process --first", "", "--in-process runs tests without judging them");
  refuses("--gtest_output=xml", "",
          "--gtest_output (or GTEST_OUTPUT) needs all tests in one process");
  refuses("", "CONCLAVE_SEED=-1", "CONCLAVE_SEED is \"-1\"; set it to a whole number");
  refuses("", "CONCLAVE_TEST_TIMEOUT_S=soon",
          "CONCLAVE_TEST_TIMEOUT_S is \"soon\"; set it to the seconds");
}

TEST(Isolation, HelpNamesOurOptionsAndThoseOfGoogleTest) {
  const PlantedRun run = run_planted("--help");

  EXPECT_EQ(run.status, 0);
  EXPECT_THAT(run.output, AllOf(HasSubstr("--verdicts=FILE"), HasSubstr("--gtest_filter=")));
}

#if defined(__SANITIZE_ADDRESS__)
TEST(IsolationUnderSanitizers, ReportIsTheFailureOfItsTest) {
  EXPECT_THAT(judge("Planted.WritesThroughNull").verdicts, HasSubstr("\tcrashed\t"));
  EXPECT_THAT(judge("Planted.Leaks").verdicts, HasSubstr("\tfailed\t"));
  EXPECT_THAT(judge("Planted.Leaks").output,
              HasSubstr("  what happened  : LeakSanitizer: detected memory leaks\n"));
}
#endif

}  // namespace
}  // namespace conclave
