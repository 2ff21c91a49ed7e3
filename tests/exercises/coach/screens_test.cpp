// What the coach shows.  The screens lie in screens/, to be looked at; CONCLAVE_REWRITE=1 writes them anew, and a person
// reads the difference.
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coach/screen.hpp"
#include "coach/text.hpp"
#include "session.hpp"

namespace conclave::coach {
namespace {

using std::chrono_literals::operator""s;

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

}  // namespace
}  // namespace conclave::coach
