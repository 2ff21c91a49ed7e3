// What the reader of answers.txt accepts, and what it says about a file that it cannot read.
#include "support/answers.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

namespace conclave {
namespace {

const std::vector<Question> kQuestions = {{"sky", {"blue", "green"}},
                                          {"knot", {"1", "2", "3"}, true}};

/// A file of its own for each test, as tests run beside each other; gone at the end.
struct File {
  File() { setenv("CONCLAVE_ANSWERS", path.c_str(), 1); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { std::filesystem::remove(path); }

  const std::string path = fmt::format("{}{}-answers.txt", testing::TempDir(), getpid());
};

/// Writes a file of answers, which the environment names.
void write(const std::string& text) {
  static const File file;
  std::ofstream(file.path) << text;
}

/// Where the reader finds fault with a file that has this text, and what it says; empty when it accepts it.
std::string complaint_about(const std::string& text) {
  write(text);
  testing::TestPartResultArray failures;
  {
    const testing::ScopedFakeTestPartResultReporter reporter(&failures);
    try {
      const Answers answers("1.1", kQuestions);
    } catch (const testing::AssertionException&) {
    }
  }
  if (failures.size() == 0) return "";
  const testing::TestPartResult& first = failures.GetTestPartResult(0);
  return fmt::format("{}:{}: {}", first.file_name(), first.line_number(), first.message());
}

void expect_complaint(const std::string& text, const std::vector<std::string>& parts) {
  const std::string complaint = complaint_about(text);
  for (const std::string& part : parts) {
    EXPECT_NE(complaint.find(part), std::string::npos)
        << "want: " << part << "\nsays: " << complaint;
  }
}

TEST(AnswersFile, IsForPeople) {
  write("# What do you see?\n\n  SKY :Blue   # today\r\nknot: 3,1\n");

  const Answers answers("1.1", kQuestions);

  EXPECT_EQ(answers.one("sky"), "blue");
  EXPECT_EQ(answers.several("knot"), (std::vector<std::string>{"1", "3"}));
}

TEST(AnswersFile, IsRefusedWithLineAndChoices) {
  expect_complaint("sky blue\nknot: 1\n",
                   {"answers.txt:1: ", "'sky blue' has no colon", "want question: answer"});
  expect_complaint("knot: 1\nsky: red\n",
                   {"answers.txt:2: ", "'red' is no answer to 'sky'", "want one of: blue, green"});
  expect_complaint("sky: blue\nsun: red\n",
                   {"answers.txt:2: ", "there is no question 'sun'", "want one of: sky, knot"});
  expect_complaint("sky: blue\nknot: 1\nsky: green\n",
                   {"answers.txt:3: ", "'sky' is answered here and in line 1"});
  expect_complaint("sky: blue\n", {"answers.txt:1: ", "the question 'knot' is missing", "1, 2, 3"});
  expect_complaint("sky:\nknot: 1\n",
                   {"answers.txt:1: ", "'sky' has no answer", "blue, green; or ?"});
  expect_complaint("sky: blue\nknot: 1, 4\n", {"answers.txt:2: ", "'4' is no answer to 'knot'",
                                               "some of, with commas: 1, 2, 3"});
  expect_complaint("sky: blue\nknot: 2, 2\n", {"answers.txt:2: ", "'2' stands there twice"});
  expect_complaint("", {"the question 'sky' is missing"});
}

TEST(AnswersFile, MayStillHaveQuestionMarks) {
  EXPECT_EQ(complaint_about("sky: ?\nknot: ?\n"), "");
}

TEST(AnswersFileDeathTest, AsksForWhatIsStillOpen) {
  write("knot: 1\nsky: ?\n");

  const Answers answers("1.1", kQuestions);

  EXPECT_EQ(answers.several("knot").size(), 1U);
  EXPECT_EXIT(static_cast<void>(answers.one("sky")), testing::ExitedWithCode(70),
              "TODO 1.1: 'sky' in .*answers.txt:2 still says \\?");
}

}  // namespace
}  // namespace conclave
