// The laws of allow_list.hpp.
#include "rpc/allow_list.hpp"

#include <string>
#include <sys/stat.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "folder.hpp"
#include "rpc/keys.hpp"

namespace conclave::rpc {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Optional;

std::string some_key() { return KeyPair::generate()->public_key().text(); }

TEST(AllowList, NamesWhoIsListedAndNobodyElse) {  // law 2
  const Folder folder;
  const std::string ada = some_key();
  const std::string grace = some_key();

  const Result<AllowList> list = AllowList::load(folder.write(
      "clients",
      fmt::format("# who may\n\n  {} \t ada \r\n#{} barbara\n{} grace", ada, some_key(), grace)));

  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->size(), 2U);
  EXPECT_THAT(list->name_of(ada), Optional(std::string("ada")));
  EXPECT_THAT(list->name_of(grace), Optional(std::string("grace")));
  EXPECT_EQ(list->name_of(some_key()), std::nullopt);
  EXPECT_EQ(list->name_of(""), std::nullopt);
}

TEST(AllowList, SomebodyMayHaveTwoKeys) {
  const Folder folder;
  const std::string old_key = some_key();
  const std::string new_key = some_key();

  const AllowList list =
      *AllowList::load(folder.write("clients", old_key + " ada\n" + new_key + " ada\n"));

  EXPECT_EQ(list.name_of(old_key), list.name_of(new_key));
}

TEST(AllowList, NamesFileLineAndMistake) {
  const Folder folder;
  const std::string key = some_key();
  const struct {
    std::string line;
    const char* what;
  } mistakes[] = {
      {key.substr(1) + " ada", "40 characters, and here are 39"},
      {"~" + key.substr(1) + " ada", "not Z85"},
      {key, "no name"},
      {key + " ada lovelace", "more than a key and a name"},
      {key + " " + std::string(65, 'x'), "too long"},
      {key + " \x01", "not plain ASCII"},
      {"ada " + key, "40 characters, and here are 3"},
  };

  for (const auto& [line, what] : mistakes) {
    const std::string path = folder.write("clients", "# one\n\n" + line + "\n");
    const Status status = AllowList::load(path).status();
    EXPECT_EQ(status.code(), Code::invalid_argument) << line;
    EXPECT_THAT(to_string(status), AllOf(HasSubstr(path + ":3: "), HasSubstr(what))) << line;
  }
}

TEST(AllowList, AKeyThatIsListedTwiceIsAMistake) {
  const Folder folder;
  const std::string key = some_key();
  const std::string path = folder.write("clients", key + " ada\n" + key + " grace\n");

  const Status status = AllowList::load(path).status();

  EXPECT_EQ(status.code(), Code::invalid_argument);
  EXPECT_THAT(to_string(status), AllOf(HasSubstr(path + ":2: "), HasSubstr("line 1")));
}

TEST(AllowList, IsBounded) {
  const Folder folder;

  const Status too_long =
      AllowList::load(folder.write("clients", std::string(17 * 1024 * 1024, '\n'))).status();

  std::string clients;  // forty digits are a key like any other
  for (std::size_t i = 0; i < AllowList::kClientsMax; ++i) clients += fmt::format("{:040} x\n", i);
  const Result<AllowList> full = AllowList::load(folder.write("clients", clients));
  const std::string path = folder.write("clients", clients + some_key() + " x\n");
  const Status too_many = AllowList::load(path).status();

  ASSERT_TRUE(full.ok()) << full.status();
  EXPECT_EQ(full->size(), AllowList::kClientsMax);
  EXPECT_THAT(to_string(too_many), AllOf(HasSubstr(path + ":100001: "), HasSubstr("more than")));
  EXPECT_EQ(too_long.code(), Code::invalid_argument);
  EXPECT_THAT(to_string(too_long), HasSubstr("longer than"));
}

TEST(AllowList, WhoMayWriteItMayLetClientsIn) {
  const Folder folder;
  const std::string path = folder.write("clients", some_key() + " ada\n");

  for (const mode_t mode : {0620U, 0602U, 0666U}) {
    ::chmod(path.c_str(), mode);
    const Status status = AllowList::load(path).status();
    EXPECT_EQ(status.code(), Code::failed_precondition);
    EXPECT_THAT(to_string(status), HasSubstr("chmod go-w " + path));
  }
  ::chmod(path.c_str(), 0644);
  EXPECT_TRUE(AllowList::load(path).ok());
}

TEST(AllowList, AReloadIsSeenByAllCopies) {
  const Folder folder;
  const std::string ada = some_key();
  const std::string grace = some_key();
  AllowList list = *AllowList::load(folder.write("clients", ada + " ada\n"));
  const AllowList copy = list;

  static_cast<void>(folder.write("clients", grace + " grace\n"));
  const Status status = list.reload();

  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(copy.name_of(ada), std::nullopt);
  EXPECT_THAT(copy.name_of(grace), Optional(std::string("grace")));
}

TEST(AllowList, AMistakeLeavesItAsItWas) {  // law 1
  const Folder folder;
  const std::string ada = some_key();
  const std::string grace = some_key();
  AllowList list = *AllowList::load(folder.write("clients", ada + " ada\n"));

  const std::string path = folder.write("clients", grace + " grace\nnonsense\n");
  const Status broken = list.reload();
  EXPECT_EQ(broken.code(), Code::invalid_argument);
  EXPECT_THAT(to_string(broken), HasSubstr(path + ":2: "));
  EXPECT_THAT(list.name_of(ada), Optional(std::string("ada")));
  EXPECT_EQ(list.name_of(grace), std::nullopt);

  std::filesystem::remove(path);
  EXPECT_EQ(list.reload().code(), Code::not_found);
  EXPECT_EQ(list.size(), 1U);
}

}  // namespace
}  // namespace conclave::rpc
