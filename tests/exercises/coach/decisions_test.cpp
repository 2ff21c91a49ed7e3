// What the coach decides: where it begins and goes, what it checks and when, what it remembers of a verdict.
#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coach/screen.hpp"
#include "session.hpp"

namespace conclave::coach {
namespace {

using std::chrono_literals::operator""s;
using testing::IsEmpty;

TEST(Coach, BeginsWithTheFirstExerciseThatDoesNotPass) {
  EXPECT_EQ(Session("passed", "open").begin().state.exercise().id, "01-2");
}

TEST(Coach, DoesAtTheFirstStartWhatItsTextNames) {
  EXPECT_EQ(Session().begin().press("l").state.view, View::list);
  EXPECT_EQ(Session().begin().press("?").state.view, View::help);
  EXPECT_EQ(Session().begin().press("n").state.view, View::exercise);
  EXPECT_EQ(Session().begin().press("n").state.exercise().id, "01-1");
}

TEST(Coach, ScrollsTheKeysWhereTheyDoNotFitAndLeavesTheReportWhereItWas) {
  Session session("passed");
  session.begin().save().answer(1, kFailing).small(12).press("jj?j");
  EXPECT_EQ(session.state.view, View::help);
  EXPECT_EQ(session.state.help_scroll, 1U);

  session.press("x");

  EXPECT_EQ(session.state.view, View::exercise);
  EXPECT_EQ(session.state.scroll, 2U);
}

TEST(Coach, ScrollsTheFirstStartWhereItDoesNotFit) {
  Session session;
  session.begin().small(10).press("jj");
  EXPECT_EQ(session.state.view, View::welcome);
  EXPECT_EQ(session.state.scroll, 2U);

  session.press("x");

  EXPECT_EQ(session.state.view, View::exercise);
  EXPECT_EQ(session.state.scroll, 0U);
}

TEST(Coach, GoesBackFromTheKeysByAnyKeyWhereTheyFit) {
  EXPECT_EQ(Session("passed").begin().press("?j").state.view, View::exercise);
}

TEST(Coach, SaysWhatIsLeftOpen) {
  Session session("passed");
  session.begin().press("n");
  EXPECT_EQ(session.state.remark, "1.2 is left open; l lists all.");

  session.save().answer(0, "PASS\n");

  EXPECT_THAT(session.state.remark, IsEmpty());  // once
}

TEST(Coach, SaysNothingOfWhatPasses) {
  EXPECT_THAT(Session("new", "new", "new")
                  .begin()
                  .press("x")
                  .save()
                  .answer(0, "PASS\n")
                  .press("n")
                  .state.remark,
              IsEmpty());
}

TEST(Coach, GoesRoundToTheFirstThatIsOpen) {
  Session session;
  session.begin("2.1").press("n");

  EXPECT_EQ(session.state.exercise().id, "01-1");
  EXPECT_EQ(session.state.remark,
            "2.1 is left open; l lists all.  None behind it is open: this is the first that is.");
}

TEST(Coach, GoesRoundFromTheLastOneThatPassesToo) {
  Session session("passed", "open", "passed");
  session.begin("2.1").press("n");

  EXPECT_EQ(session.state.exercise().id, "01-2");
  EXPECT_EQ(session.state.remark, "None behind 2.1 is open: this is the first that is.");
}

TEST(Coach, SaysAtTheStartWhatWasSkipped) {
  EXPECT_EQ(Session("open", "new", "passed").begin().state.remark,
            "Left open, before one that passes: 1.1, 1.2.  l lists all.");
  EXPECT_THAT(Session("passed", "open", "new").begin().state.remark, IsEmpty());
  EXPECT_THAT(Session("open", "new", "passed").begin("1.2").state.remark, IsEmpty());  // asked for
}

TEST(Coach, NamesNoMoreThanFiveThatWereSkipped) {
  Session session("new", "new", "new");
  for (int i = 2; i < 7; ++i)
    session.status_ +=
        fmt::format("02-{}\tf\tfix\t5\t\t{}\t0\tf{}.cpp\tTitle\n", i, i == 6 ? "passed" : "new", i);

  EXPECT_EQ(session.begin().state.remark,
            "Left open, before one that passes: 1.1, 1.2, 2.1, 2.2, 2.3 and 2 more.  l lists all.");
}

TEST(Coach, BeginsWithTheExerciseThatWasAskedFor) {
  for (const char* wanted : {"02-1", "2.1", "2-1", "02-1-park-pass-or-panic"}) {
    EXPECT_EQ(Session().begin(wanted).state.exercise().id, "02-1") << wanted;
  }
}

TEST(Coach, EndsWhenItIsAskedForAnUnknownExercise) {
  const Session session = Session().begin("7.7");

  ASSERT_EQ(session.quits.size(), 1U);
  EXPECT_EQ(session.quits[0].status, 2);
}

TEST(Coach, IgnoresTheAnswerOfAnOlderCheck) {
  Session session("passed");
  session.begin().save();
  const int older = session.asked.back().number;

  session.save().happen(Answered{older, {.status = 0, .output = "PASS\n"}});

  EXPECT_THAT(session.state.report.text, IsEmpty());
  EXPECT_TRUE(session.state.job.has_value());
}

TEST(Coach, NeverGoesOnByItself) {
  const Session session = Session("passed").begin().save().answer(0, "PASS\n").wait(3600s);

  EXPECT_EQ(session.state.exercise().id, "01-2");
}

TEST(Coach, OpensASolutionOnlyAfterAYesWhenTheAnswerDoesNotPass) {
  Session session("passed");
  session.begin().press("sx");
  EXPECT_EQ(session.asked.size(), 1U);  // the status

  session.press("sy");

  EXPECT_EQ(session.last(), Verb::give_up);
}

TEST(Coach, GoesBackToTheVerdict) {
  for (const char* key : {"h", "w"}) {
    Session session("passed");
    session.begin().save().answer(1, kFailing).press(key).answer(0, "a long story\n");
    ASSERT_EQ(session.state.report.text, "a long story") << key;
    EXPECT_TRUE(session.state.can_go_back()) << key;

    session.press(Key::Name::escape);

    EXPECT_THAT(session.state.report.text, testing::StartsWith("FAIL  ForAll")) << key;
    EXPECT_EQ(session.state.report.tone, Tone::bad) << key;
    EXPECT_FALSE(session.state.can_go_back()) << key;
  }
}

TEST(Coach, GoesBackToTheInvitationWhereThereIsNoVerdict) {
  Session session("passed");
  session.begin().press("h").answer(0, "hint 1\n").press(Key::Name::escape);

  EXPECT_THAT(session.state.report.text, IsEmpty());
}

TEST(Coach, GoesBackToNoVerdictOnAnotherExerciseOrAnOlderAnswer) {
  EXPECT_THAT(Session("passed").begin().save().answer(1, kFailing).press("n").state.verdict.text,
              IsEmpty());
  EXPECT_THAT(Session("passed").begin().save().answer(1, kFailing).save().state.verdict.text,
              IsEmpty());
  EXPECT_THAT(Session("passed").begin().save().answer(1, kFailing).press("ry").state.verdict.text,
              IsEmpty());
}

TEST(Coach, SaysWhatIsNextWhereverItSaysThatTheAnswerPasses) {
  Session session("passed", "passed");
  session.begin("1.2").press("w").answer(0, "PASS  01-2-wait-for-all: 6 tests\n");

  EXPECT_THAT(rows_of(session.state),
              testing::Contains("n goes on, s shows our answer beside yours."));
}

TEST(Coach, DoesDuringACheckWhatAKeyAsksFor) {
  for (const auto& [key, verb] :
       {std::pair{"h", Verb::hint}, {"w", Verb::why}, {"ry", Verb::reset}, {"sy", Verb::give_up}}) {
    Session session("passed");
    session.begin().save();
    const int check = session.asked.back().number;

    session.press(key);
    EXPECT_EQ(session.last(), verb) << key;
    session.happen(Answered{check, {.status = 1, .output = kFailing}});

    EXPECT_EQ(session.last(), verb) << key;
    EXPECT_TRUE(session.state.job) << key;
  }
}

TEST(Coach, SaysThatAKeyHasStoppedTheCheck) {
  const std::string said = "The check was stopped for this; p checks your answer.";
  Session session("passed");
  session.begin().save().press("h").answer(0, "hint 1 of 3\n");
  EXPECT_THAT(rows_of(session.state), testing::Contains(said));

  session.answer(0, session.status_).press("p").answer(1, kFailing);

  EXPECT_THAT(rows_of(session.state), testing::Not(testing::Contains(said)));
}

TEST(Coach, GoesOnCheckingWhileItAsksWhetherToReset) {
  Session session("passed");
  session.begin().save().press("r").answer(1, kFailing);
  EXPECT_EQ(session.state.confirming, Verb::reset);

  session.press("x");

  EXPECT_THAT(session.state.report.text, testing::StartsWith("FAIL  ForAll"));
}

TEST(Coach, AsksNoMoreWhetherToGiveUpWhenTheAnswerPasses) {
  Session session("passed");
  session.begin().save().press("s").answer(0, "PASS\n");

  EXPECT_FALSE(session.state.confirming);
}

TEST(Coach, AsksForTheSameHintOnce) {
  Session session("passed");
  session.begin().press("hhh");

  EXPECT_EQ(session.asked.size(), 2U);  // the status, the hint
}

TEST(Coach, LetsAResetFinish) {
  Session session("passed");
  session.begin().press("ry");
  ASSERT_EQ(session.last(), Verb::reset);

  session.save().press("hnp");

  EXPECT_EQ(session.last(), Verb::reset);
}

TEST(Coach, ChecksASaveOfTheCurrentExerciseWhateverIsOnTheScreen) {
  for (const char* keys : {"l", "?", "s"}) {
    Session session("passed");
    session.begin().press(keys).save();

    EXPECT_EQ(session.last(), Verb::check) << keys;
    EXPECT_EQ(session.state.view, View::exercise) << keys;
  }
}

TEST(Coach, LeavesTheScreenAsItIsWhenAnotherExerciseIsSaved) {
  for (const char* keys : {"", "l", "?", "s"}) {
    Session session("passed");
    session.begin().press(keys);
    const View view = session.state.view;

    session.save(2);

    EXPECT_EQ(session.asked.size(), 1U) << keys;  // the status
    EXPECT_EQ(session.state.view, view) << keys;
    EXPECT_EQ(session.state.exercise().id, "01-2") << keys;
    EXPECT_THAT(rows_of(session.state),
                testing::Contains("You saved 2.1's answers.txt; this is 1.2.  o goes to 2.1."))
        << keys;
  }
}

TEST(Coach, GoesToTheOtherExerciseThatWasSavedAndChecksIt) {
  for (const char* keys : {"", "l", "?", "r"}) {
    Session session("passed");
    session.begin().press(keys).save(2).press("o");

    EXPECT_EQ(session.state.exercise().id, "02-1") << keys;
    EXPECT_EQ(session.last(), Verb::check) << keys;
    EXPECT_EQ(session.asked.back().request.about, "02-1") << keys;
    EXPECT_FALSE(session.state.other_save) << keys;
  }
}

TEST(Coach, ForgetsTheOtherSaveWhenTheReaderIsBackAtThisOne) {
  EXPECT_FALSE(Session("passed").begin().save(2).save().state.other_save);
  EXPECT_FALSE(Session("passed").begin().save(2).press("n").state.other_save);
}

TEST(Coach, TellsOfTheOtherFileWhenAllAreSavedAtOnce) {
  Session session("passed");
  session.begin();
  session.happen(Saved{files_of(session.state.exercises)});

  EXPECT_EQ(session.last(), Verb::check);
  EXPECT_EQ(session.asked.back().request.about, "01-2");
  EXPECT_TRUE(session.state.other_save);
}

TEST(Coach, KnowsWhatAResetWritesWhereverTheReaderIs) {
  Session session("passed");
  session.begin().press("ryl").press(Key::Name::down).press(Key::Name::enter);
  ASSERT_EQ(session.state.exercise().id, "02-1");

  session.save(1).answer(0, "as it was\n");

  EXPECT_FALSE(session.state.other_save);
  EXPECT_EQ(session.settled, session.state.exercises[1].files);
}

TEST(Coach, WatchesAllExercisesAndAgainOnlyWhenTheyAreOthers) {
  Session session("passed");
  session.begin().save().answer(1, kFailing);
  ASSERT_EQ(session.last(), Verb::status);
  EXPECT_EQ(session.watched, 1);

  session.answer(
      0, session.status_ + "02-2\t02-2-new\tfix\t5\t\tnew\t0\texercises/02-2-new/new.cpp\tNew\n");

  EXPECT_EQ(session.watched, 2);
  EXPECT_EQ(session.state.exercise().id, "01-2");
}

TEST(Coach, ChecksWhatIsStaleOnceWhenNothingElseIsToBeDone) {
  Session session("open", "stale");
  session.begin();
  ASSERT_EQ(session.last(), Verb::check);
  EXPECT_EQ(session.asked.back().request.about, "01-2");

  session.answer(0, "PASS\n").answer(0, session.status_);  // and the status still says stale

  EXPECT_FALSE(session.state.job.has_value());
  EXPECT_THAT(session.state.report.text, IsEmpty());
}

TEST(Coach, SkipsTheQuestionAfterTwentySeconds) {
  Session session("passed", "passed");
  session.happen(Started{}).answer(0, session.status_).answer(0, kQuestion);
  ASSERT_EQ(session.state.view, View::question);

  session.wait(19s);
  EXPECT_EQ(session.state.view, View::question);
  session.wait(1s);

  EXPECT_EQ(session.state.view, View::exercise);
}

TEST(Coach, KeepsThePlaceOfTheVerdictBesideAHint) {
  Session session("passed");
  session.begin().save().answer(1, kNotCompiling).press("h").answer(0, "hint 1\n");

  EXPECT_THAT(rows_of(session.state),
              testing::Contains("edit exercises/01-2-wait-for-all/for_all.cpp:12"));
}

TEST(Coach, IgnoresWhatAnOlderCheckTells) {
  Session session("passed");
  session.begin().save();
  const int older = session.asked.back().number;
  session.save().happen(Told{older, Phase::testing});

  EXPECT_EQ(session.state.job->phase, Phase::unknown);
}

// ---- the list ----

TEST(List, JumpsToTheNumberThatIsTyped) {
  const std::vector<std::pair<const char*, std::size_t>> kTyped{
      {"12", 1},   {"1.2", 1},  {"1-2", 1}, {"01-2", 1}, {"2", 2},    {"1", 0},
      {"110", 3},  {"1.10", 3}, {"11", 0},  {"211", 0},  {"2112", 1},  // begins anew where it leads nowhere
      {"12j2", 2}, {"1jj1", 0}};
  for (const auto& [typed, wanted] : kTyped) {
    Session session;
    session.status_ += "01-10\t01-10-f\tfix\t5\t\tnew\t0\texercises/01-10-f/f.cpp\tTen\n";
    session.begin("2.1").press("x").press("l").press(typed);

    EXPECT_EQ(session.state.list_at, wanted) << typed;
  }
}

TEST(List, StaysWhereItIsForANumberThatIsNone) {
  Session session;
  session.begin("1.2").press("l9");
  EXPECT_EQ(session.state.list_at, 1U);
  EXPECT_EQ(session.state.typed, "9");

  session.press("k");

  EXPECT_EQ(session.state.list_at, 0U);
  EXPECT_THAT(session.state.typed, IsEmpty());
}

TEST(List, ForgetsWhatWasTypedWhenItIsLeft) {
  EXPECT_THAT(Session().begin("1.2").press("l2ll").state.typed, IsEmpty());
}

TEST(List, MovesByPagesAndToItsEnds) {
  Session session;
  for (int i = 2; i < 60; ++i)
    session.status_ += "02-" + std::to_string(i) + "\tf\tfix\t5\t\tnew\t0\tf.cpp\tTitle\n";
  session.begin("1.1").press("l");

  session.press(Key::Name::page_down);
  EXPECT_EQ(session.state.list_at, body_rows(session.state) - 1);
  session.press(Key::Name::end);
  EXPECT_EQ(session.state.list_at, 60U);
  session.press(Key::Name::page_up);
  EXPECT_EQ(session.state.list_at, 60U - (body_rows(session.state) - 1));
  session.press(Key::Name::home);
  EXPECT_EQ(session.state.list_at, 0U);
}

}  // namespace
}  // namespace conclave::coach
