// The parts of the test support that need no child process.
#include "testing/report.hpp"

#include <string>

#include <gtest/gtest.h>

#include "testing/journal.hpp"
#include "testing/output.hpp"
#include "testing/verdict.hpp"

namespace conclave::isolation {
namespace {

TEST(Report, SaysATestsNameAsASentence) {
  EXPECT_EQ(sentence_of("ForAll.ReturnsAfterTheLastOne"), "ForAll: returns after the last one");
  EXPECT_EQ(sentence_of("Mutex.UnlockOfAMutexPanics"), "Mutex: unlock of a mutex panics");
  EXPECT_EQ(sentence_of("Lease.TTLExpires"), "Lease: TTL expires");
  EXPECT_EQ(sentence_of("Wait.RunsFor100Rounds"), "Wait: runs for 100 rounds");
  EXPECT_EQ(sentence_of("Few/Sum.IsEven/3"), "Few/Sum: is even (3)");
  EXPECT_EQ(sentence_of("X.Y"), "X: y");
}

TEST(Report, AlignsTheLinesOfATextAndTakesThatBack) {
  const std::string line = line_of("at", "one\ntwo\n\nthree");

  EXPECT_EQ(line,
            "  at             : one\n"
            "                   two\n"
            "\n"
            "                   three\n");
  EXPECT_EQ(unaligned(line.substr(label_of("at").size())), "one\ntwo\n\nthree");
}

TEST(InFewWords, SaysAnEquality) {
  EXPECT_EQ(in_few_words("Expected equality of these values:\n  sum\n    Which is: 3\n  4"),
            "sum (3) is not equal to 4");
  EXPECT_EQ(in_few_words("Expected equality of these values:\n  a\n    Which is: 1\n  b\n    Which "
                         "is: 2\na race\n"),
            "a race\na (1) is not equal to b (2)");
}

TEST(InFewWords, SaysATruthAndAMatch) {
  EXPECT_EQ(in_few_words("Value of: done\n  Actual: false\nExpected: true"), "done is false");
  EXPECT_EQ(in_few_words("Value of: done\n  Actual: false (3 left)\nExpected: true\ntoo early"),
            "too early\ndone is false (3 left)");
  EXPECT_EQ(in_few_words("Value of: all\nExpected: is empty\n  Actual: { 1, 2 }"),
            "all is { 1, 2 }\nexpected: is empty");
}

TEST(InFewWords, LeavesOtherFormsAsTheyAre) {
  EXPECT_EQ(in_few_words("Failed\nfor a reason"), "for a reason");
  EXPECT_EQ(in_few_words("Failed"), "Failed");
  EXPECT_EQ(in_few_words("Expected: (a) < (b), actual: 3 vs 2"),
            "Expected: (a) < (b), actual: 3 vs 2");
  EXPECT_EQ(in_few_words("Value of: odd"), "Value of: odd");
  EXPECT_EQ(in_few_words("Expected equality of these values:"),
            "Expected equality of these values:");
  EXPECT_EQ(in_few_words(""), "");
}

TEST(Journal, ComesBackAsItWasWritten) {
  const std::vector<Entry> entries = {{Entry::Kind::seed, "", "7"},
                                      {Entry::Kind::failure, "a.cpp:1", "one\ntwo"},
                                      {Entry::Kind::finished, "", ""}};
  std::string bytes;
  for (const Entry& entry : entries) bytes += encode(entry);

  EXPECT_EQ(decode(bytes), entries);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    EXPECT_LT(decode(std::string_view(bytes).substr(0, cut)).size(), entries.size());
  }
}

TEST(Journal, EndsAtBytesThatAreNone) { EXPECT_TRUE(decode(std::string(100, '\xff')).empty()); }

TEST(Output, KeepsAllOfALittle) {
  Output output;
  output.append("one\n");
  output.append("two\n");

  EXPECT_EQ(output.text(), "one\ntwo\n");
}

TEST(Output, KeepsBothEndsOfMuch) {
  Output output;
  for (int i = 0; i < 1'000; ++i) output.append(std::string(999, 'a') + "\n");
  output.append("the end");

  const std::string text = output.text();
  EXPECT_LT(text.size(), 2 * Output::kHalfSizeMax + 100);
  EXPECT_TRUE(text.ends_with("the end"));
  EXPECT_NE(
      text.find(std::to_string(1'000'007 - 2 * Output::kHalfSizeMax) + " bytes are left out here"),
      text.npos);
}

}  // namespace
}  // namespace conclave::isolation
