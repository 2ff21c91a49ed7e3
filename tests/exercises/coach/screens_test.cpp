// What the coach decides and shows.  The screens lie in screens/, to be looked at; CONCLAVE_REWRITE=1 writes them anew,
// and a person reads the difference.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coach/screen.hpp"
#include "coach/state.hpp"
#include "coach/text.hpp"

namespace conclave::coach {
namespace {

using std::chrono_literals::operator""s;
using testing::IsEmpty;

constexpr const char* kStatus =
    "01-1\t01-1-always-sometimes-never\tpredict\t5\t*\t{1}\t0\t"
    "exercises/01-1-always-sometimes-never/answers.txt\tAlways, sometimes, never\n"
    "01-2\t01-2-wait-for-all\tbuild\t10\t*\t{2}\t0\texercises/01-2-wait-for-all/for_all.cpp\tWait "
    "for all of them\n"
    "02-1\t02-1-park-pass-or-panic\tpredict\t5\t\t{3}\t0\texercises/02-1-park-pass-or-panic/"
    "answers.txt\t"
    "Park, pass or panic?\n";

constexpr const char* kQuestion =
    "exercise\t01-1\ntext\tvoid farewell() {\ntext\t  go([] { print(\"so long\"); });\ntext\t}\n"
    "text\t\ntext\t\"so long\" is "
    "printed:\nchoice\talways\nchoice\tsometimes\nchoice\tnever\nanswer\tsometimes\n";

constexpr const char* kFailing =
    "FAIL  ForAll.ReturnsAfterTheLastItem\n"
    "  what must hold : for_all returns when the last item is done, and not before (contract, law "
    "2)\n"
    "  what happened  : it returned when 1 of 3 items was done\n"
    "  at             : tests/exercises/01-2-wait-for-all_test.cpp:41\n"
    "  2 tests before it passed, 3 later tests wait for this one\n";

constexpr const char* kNotCompiling =
    "FAIL  01-2 does not compile\n"
    "  at             : exercises/01-2-wait-for-all/for_all.cpp:12\n"
    "  the compiler   : 'wait_group' was not declared in this scope\n"
    "   12 |   wait_group.wait();\n";

/// A coach without a world: hands over events, and answers what is asked.
class Session {
 public:
  explicit Session(const std::string& first = "new", const std::string& second = "new",
                   const std::string& third = "new") {
    status_ = kStatus;
    for (const auto& [mark, standing] :
         {std::pair{"{1}", first}, {"{2}", second}, {"{3}", third}}) {
      status_.replace(status_.find(mark), 3, standing);
    }
    state.look = {.size = {.columns = 80, .rows = 24}, .utf8 = true};
  }

  Session& happen(const Event& event) {
    for (const Effect& effect : update(state, event, TimePoint{} + elapsed)) {
      if (const auto* ask = std::get_if<Ask>(&effect)) asked.push_back(*ask);
      if (std::holds_alternative<Open>(effect)) {
        state.task = "Write the body of for_all in for_all.cpp.";
        state.beginnings[state.exercise().files[0]] = 10;
      }
      if (const auto* settle = std::get_if<Settle>(&effect)) settled = settle->files;
      if (std::holds_alternative<Watch>(effect)) ++watched;
      if (const auto* quit = std::get_if<Quit>(&effect)) quits.push_back(*quit);
    }
    return *this;
  }
  Session& press(std::string_view keys) {
    for (const char key : keys) happen(Pressed{{Key::Name::character, key}});
    return *this;
  }
  Session& press(Key::Name key) { return happen(Pressed{{key}}); }
  /// The current exercise's file, or that of the exercise at this place.
  Session& save() { return save(state.current); }
  Session& save(std::size_t index) { return happen(Saved{state.exercises[index].files}); }
  Session& answer(int status, const std::string& output) {
    return happen(Answered{asked.back().number, {.status = status, .output = output}});
  }
  /// Up to the current exercise, with no question asked.
  Session& begin(const std::string& wanted = "") {
    state.wanted = wanted;
    state.quiz_asked = true;
    return happen(Started{}).answer(0, status_);
  }
  Session& wait(Duration time) {
    elapsed += time;
    return happen(Ticked{});
  }
  Session& small(int rows = 24) {
    state.look.utf8 = false;
    return happen(Resized{{.columns = 40, .rows = rows}});
  }
  [[nodiscard]] Verb last() const { return asked.back().request.verb; }

  State state;
  Duration elapsed{};
  std::vector<Ask> asked;
  std::vector<Quit> quits;
  std::vector<std::string> settled;  // last
  int watched = 0;
  std::string status_;
};

/// Compares the screen with the file, and checks the laws of screen.hpp.
void expect_screen(const Session& session, const std::string& name) {
  const Look& look = session.state.look;
  const std::vector<std::string> rows = rows_of(session.state);
  EXPECT_LE(rows.size(), static_cast<std::size_t>(look.size.rows));
  std::string text;
  for (const std::string& row : rows) {
    EXPECT_LE(width(clean(row)), static_cast<std::size_t>(look.size.columns)) << row;
    for (const char byte : row) {
      if (byte == '\x1b') {
        text += "\\e";  // to be looked at
      } else {
        text += byte;
      }
    }
    text += '\n';
  }
  const std::string file = std::string(COACH_SCREENS) + "/" + name + ".txt";
  if (std::getenv("CONCLAVE_REWRITE") != nullptr) std::ofstream(file) << text;
  std::stringstream wanted;
  wanted << std::ifstream(file).rdbuf();
  EXPECT_EQ(text, wanted.str()) << file;
}

TEST(Screen, OfTheFirstStart) { expect_screen(Session().begin(), "first-start"); }

TEST(Screen, OfTheFirstExercise) { expect_screen(Session().begin().press("x"), "untouched"); }

TEST(Screen, OfAFailingAnswer) {
  expect_screen(Session("passed").begin().save().answer(1, kFailing), "failing");
}

TEST(Screen, OfAnAnswerThatDoesNotCompile) {
  expect_screen(Session("passed").begin().save().answer(1, kNotCompiling), "not-compiling");
}

TEST(Screen, OfAFailingAnswerInFortyColumns) {
  expect_screen(Session("passed").begin().save().answer(1, kFailing).small(), "failing-40");
}

TEST(Screen, OfAFailingAnswerInTenRows) {
  expect_screen(Session("passed").begin().save().answer(1, kFailing).small(10), "failing-40x10");
}

TEST(Screen, OfTheFirstExerciseInFortyColumns) {
  expect_screen(Session().begin().press("x").small(), "untouched-40");
}

TEST(Screen, OfTheFirstStartInFortyColumns) {
  expect_screen(Session().begin().small(), "first-start-40");
}

TEST(Screen, OfAFailingAnswerInColour) {
  Session session("passed");
  session.state.look.colour = true;
  session.state.look.links = true;
  session.state.look.root_link = "file://host/conclave/";
  expect_screen(session.begin().save().answer(1, kFailing), "failing-colour");
}

TEST(Screen, OfACheckOnItsWay) {
  expect_screen(Session("passed").begin().save().wait(3s), "checking");
}

TEST(Screen, OfAFirstCheckThatCompiles) {
  Session session("passed");
  session.begin().save();
  session.happen(Told{session.asked.back().number, Phase::compiling});
  expect_screen(session, "compiling");
}

TEST(Screen, OfALaterCheckThatRunsTheTests) {
  Session session("passed");
  session.begin().save().answer(1, kFailing).save().wait(4s);
  session.happen(Told{session.asked.back().number, Phase::testing});
  expect_screen(session, "testing");
}

TEST(Screen, OfWhy) {
  std::string story;
  for (int i = 1; i <= 30; ++i) story += "step " + std::to_string(i) + "\n";
  expect_screen(Session("passed").begin().press("w").answer(0, story).press("jj"), "why");
}

TEST(Screen, OfAHint) {
  expect_screen(
      Session("passed").begin().press("h").answer(0, "hint 1 of 3\n\nA WaitGroup counts.\n"),
      "hint");
}

TEST(Screen, OfAPassingAnswer) {
  expect_screen(Session("passed").begin().save().answer(0, "PASS  01-2-wait-for-all: 6 tests\n"),
                "passing");
}

TEST(Screen, OfTheEnd) {
  expect_screen(Session("passed", "passed", "passed").begin().press("n"), "finished");
}

TEST(Screen, OfAnExerciseAfterOneThatIsLeftOpen) {
  expect_screen(Session("passed").begin().press("n"), "left-open");
}

TEST(Screen, OfTheStartWithExercisesThatWereSkipped) {
  expect_screen(Session("open", "new", "passed").begin(), "skipped");
}

TEST(Screen, OfASaveOfAnotherExercise) {
  expect_screen(Session("passed").begin().save().answer(1, kFailing).save(2), "other-save");
}

TEST(Screen, OfTheList) {
  expect_screen(Session("passed", "open", "stale").begin().press("l"), "list");
}

TEST(Screen, OfTheListInFortyColumns) {
  expect_screen(Session("passed", "open", "stale").begin().press("l").small(), "list-40");
}

TEST(Screen, OfTheListWithANumber) {
  expect_screen(Session("passed", "open", "stale").begin().press("l21"), "list-typed");
}

TEST(Screen, OfTheListWithANumberThatIsNone) {
  expect_screen(Session("passed", "open", "stale").begin().press("l9"), "list-typed-none");
}

TEST(Screen, OfTheKeys) { expect_screen(Session("passed").begin().press("?"), "keys"); }

TEST(Screen, OfTheKeysInFortyColumns) {
  expect_screen(Session("passed").begin().press("?").small().press("j"), "keys-40");
}

TEST(Screen, OfTheQuestion) {
  Session session("passed", "passed");
  expect_screen(session.happen(Started{}).answer(0, session.status_).answer(0, kQuestion).wait(5s),
                "question");
}

TEST(Screen, OfAWrongAnswerToTheQuestion) {
  Session session("passed", "passed");
  expect_screen(
      session.happen(Started{}).answer(0, session.status_).answer(0, kQuestion).press("3"),
      "question-wrong");
}

TEST(Screen, IsWithinItsBoundsInEverySize) {
  for (int columns = 1; columns < 100; columns += 3) {
    for (int rows = 1; rows < 30; rows += 4) {
      Session session("passed");
      session.begin()
          .save()
          .answer(1, kFailing)
          .happen(Resized{{.columns = columns, .rows = rows}});
      for (const std::string& row : rows_of(session.state)) {
        EXPECT_LE(width(row), static_cast<std::size_t>(columns));
      }
      EXPECT_LE(rows_of(session.state).size(), static_cast<std::size_t>(rows));
    }
  }
}

TEST(Screen, KeepsTheKeysThatExplainAndThatLeaveWhateverItsSize) {
  for (int rows = 1; rows < 30; ++rows) {
    Session session("passed");
    session.begin().save().answer(1, kFailing).small(rows);

    std::string text;
    for (const std::string& row : rows_of(session.state)) text += row + "  ";
    EXPECT_THAT(text, testing::EndsWith("? keys  q quit  ")) << rows;
    EXPECT_TRUE(rows == 1 || body_rows(session.state) >= 1) << rows;
  }
}

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

TEST(Engine, NamesTheLineThatItCannotRead) {
  const Result<std::vector<Exercise>> read = parse_status("a note\nhello\tyou\n");

  ASSERT_FALSE(read.ok());
  EXPECT_THAT(std::string(read.status().message()), testing::HasSubstr("line 2: \"hello"));
}

TEST(Engine, FindsTheTaskOfAReadme) {
  EXPECT_EQ(
      task_in(
          "# 1.2\n\nText.\n\n**Write** the body of `f` in\n[`a.cpp`](a.cpp). Its contract\n\nMore"),
      "Write the body of f in a.cpp.");
}

TEST(Engine, FindsThePlaceThatAReportNames) {
  EXPECT_EQ(place_in(kNotCompiling, "exercises/01-2-wait-for-all/for_all.cpp"), 12U);
  EXPECT_EQ(place_in(kNotCompiling, "exercises/01-2-wait-for-all/other.cpp"), 0U);
  EXPECT_EQ(place_in("  a warning      : e/a.cpp:3: x\n  at             : e/a.cpp:7\n", "e/a.cpp"),
            7U);
  EXPECT_EQ(place_in("  at             : e/b.hpp:7\n  because of     : e/a.cpp:3\n", "e/a.cpp"),
            3U);
  EXPECT_EQ(place_in("yours: e/a.cpp\ne/a.cpp: 3\ne/a.cpp:99999999999999999999\n", "e/a.cpp"), 0U);
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

TEST(Engine, HearsThePhases) {
  EXPECT_EQ(phase_in("a note\n@compiling\n"), Phase::compiling);
  EXPECT_EQ(phase_in("@compiling\n@testing\nFAIL"), Phase::testing);
  EXPECT_EQ(phase_in("@compiling\n@testing"), Phase::compiling);  // not all of the line yet
  EXPECT_EQ(phase_in(" @testing\n@testing it\n"), Phase::unknown);
  EXPECT_EQ(without_phases("@compiling\n@testing\nFAIL  @testing\n"), "FAIL  @testing\n");
}

TEST(Engine, FindsWhereToBegin) {
  EXPECT_EQ(beginning_in("# Write it in place of each ?\n\none: ?\n"), 3U);
  EXPECT_EQ(beginning_in("#include \"common/todo.hpp\"\n\n  todo(\"1.2\");\n"), 3U);
  EXPECT_EQ(beginning_in("done\n"), 0U);
}

}  // namespace
}  // namespace conclave::coach
