// What reaches the terminal: clean, measured, wrapped by words; and what comes from it, keys.
#include "coach/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "coach/keys.hpp"

namespace conclave::coach {
namespace {

using testing::ElementsAre;

TEST(Clean, LeavesNothingThatMovesTheCursor) {
  EXPECT_EQ(clean("a\x1b[31mb\x1b[0m\x1b]0;title\ac\rd\be\n\tf"), "abcde\n        f");
}

TEST(Clean, AnswersBrokenUtf8WithQuestionMarks) { EXPECT_EQ(clean("a\xff\xe2\x98z★"), "a???z★"); }

TEST(Clean, SurvivesASequenceThatNeverEnds) { EXPECT_EQ(clean("a\x1b["), "a"); }

TEST(Wrap, CutsBetweenWords) {
  EXPECT_THAT(wrap("one two three four", 9), ElementsAre("one two", "three", "four"));
}

TEST(Wrap, GoesOnBelowTheTextOfALabel) {
  EXPECT_THAT(wrap("  expected       : " + std::string(30, 'a') + " " + std::string(30, 'b'), 60),
              ElementsAre("  expected       : " + std::string(30, 'a'),
                          std::string(19, ' ') + std::string(30, 'b')));
}

TEST(Wrap, CutsAPathBehindASlash) {
  EXPECT_THAT(wrap("exercises/01-2-two/two.cpp", 20),
              ElementsAre("exercises/01-2-two/", "two.cpp"));
}

TEST(Wrap, KeepsEveryWordWithinEveryWidth) {
  const std::string line =
      "  what happened  : it took 3 s, and /a/very/long/path/of/a/file.cpp:12 ★ said so";
  for (std::size_t columns = 1; columns < 90; ++columns) {
    std::string joined;
    for (const std::string& part : wrap(line, columns)) {
      EXPECT_LE(width(part), columns) << part;
      joined += part;
    }
    std::string wanted = line;
    std::erase(joined, ' ');
    std::erase(wanted, ' ');
    EXPECT_EQ(joined, wanted) << columns;
  }
}

TEST(Ascii, HasSomethingNearForWhatWeDraw) { EXPECT_EQ(to_ascii("★ ✓ ─ ■ □ é"), "* + - # . ?"); }

TEST(Keys, AreTheSameHoweverTheBytesAreCut) {
  const std::string bytes = "j\x1b[A\x1bOB\x1b[5~\r\x1b[1;5Cq";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    KeyDecoder decoder;
    std::vector<Key> keys = decoder.take(std::string_view(bytes).substr(0, cut));
    for (const Key key : decoder.take(std::string_view(bytes).substr(cut))) keys.push_back(key);
    EXPECT_THAT(keys, ElementsAre(Key{Key::Name::character, 'j'}, Key{Key::Name::up},
                                  Key{Key::Name::down}, Key{Key::Name::page_up},
                                  Key{Key::Name::enter}, Key{}, Key{Key::Name::character, 'q'}));
  }
}

TEST(Keys, ALoneEscapeIsOneWhenNothingFollows) {
  KeyDecoder decoder;
  EXPECT_TRUE(decoder.take("\x1b").empty());
  EXPECT_TRUE(decoder.pending());
  EXPECT_THAT(decoder.flush(), ElementsAre(Key{Key::Name::escape}));
}

}  // namespace
}  // namespace conclave::coach
