// The laws of keys.hpp.
#include "rpc/keys.hpp"

#include <filesystem>
#include <string>
#include <sys/stat.h>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "folder.hpp"

namespace conclave::rpc {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kSomeKey = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";  // of ZeroMQ RFC 26

TEST(Keys, EachPairIsAnother) {
  const KeyPair one = *KeyPair::generate();
  const KeyPair other = *KeyPair::generate();

  EXPECT_EQ(one.public_key().text().size(), 40U);
  EXPECT_EQ(one.secret_key().size(), 40U);
  EXPECT_NE(one.public_key(), other.public_key());
  EXPECT_NE(one.secret_key(), other.secret_key());
}

TEST(Keys, ComeBackFromTheirFiles) {
  const Folder folder;
  const KeyPair pair = *KeyPair::generate();
  ASSERT_TRUE(pair.save(folder.path("ada.key")).ok());

  const Result<KeyPair> loaded = KeyPair::load(folder.path("ada.key"));
  const Result<PublicKey> shown = PublicKey::load(folder.path("ada.key.pub"));

  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(loaded->secret_key(), pair.secret_key());
  EXPECT_EQ(loaded->public_key(), pair.public_key());
  ASSERT_TRUE(shown.ok()) << shown.status();
  EXPECT_EQ(*shown, pair.public_key());
}

TEST(Keys, ASecretKeyIsWrittenForItsOwnerAlone) {  // law 1
  const Folder folder;
  ::umask(0);  // as somebody may have it

  ASSERT_TRUE(KeyPair::generate()->save(folder.path("ada.key")).ok());

  EXPECT_EQ(mode_of(folder.path("ada.key")), 0600U);
  EXPECT_EQ(mode_of(folder.path("ada.key.pub")), 0644U);
}

TEST(Keys, ASecretKeyThatOthersMayUseIsRefused) {  // law 1
  const Folder folder;
  const std::string path = folder.path("ada.key");
  ASSERT_TRUE(KeyPair::generate()->save(path).ok());

  for (const mode_t mode : {0640U, 0620U, 0610U, 0604U, 0602U, 0601U, 0644U, 0666U, 0777U}) {
    ::chmod(path.c_str(), mode);
    const Status status = KeyPair::load(path).status();
    EXPECT_EQ(status.code(), Code::failed_precondition);
    EXPECT_THAT(to_string(status), AllOf(HasSubstr(fmt::format("{} has mode {:04o}", path, mode)),
                                         HasSubstr("chmod 600 " + path)));
  }
  for (const mode_t mode : {0600U, 0400U}) {
    ::chmod(path.c_str(), mode);
    EXPECT_TRUE(KeyPair::load(path).ok());
  }
}

TEST(Keys, NoFileIsOverwritten) {  // law 2
  const Folder folder;
  const std::string secret = folder.write("ada.key", "mine");
  const std::string shown = folder.write("grace.key.pub", "hers");
  const KeyPair pair = *KeyPair::generate();

  const Status to_ada = pair.save(secret);
  const Status to_grace = pair.save(folder.path("grace.key"));

  EXPECT_EQ(to_ada.code(), Code::already_exists);
  EXPECT_THAT(to_string(to_ada), HasSubstr(secret));
  EXPECT_EQ(read(secret), "mine");
  EXPECT_FALSE(std::filesystem::exists(secret + ".pub"));
  EXPECT_EQ(to_grace.code(), Code::already_exists);
  EXPECT_THAT(to_string(to_grace), HasSubstr(shown));
  EXPECT_EQ(read(shown), "hers");
  EXPECT_FALSE(std::filesystem::exists(folder.path("grace.key")));
}

TEST(Keys, AFileWithSomethingElseIsNamedAndNotShown) {  // law 3
  const Folder folder;
  const std::string key = kSomeKey;
  for (const std::string& text :
       {std::string(), std::string("\n"), key, std::string("secret-key"),
        "secret-key " + key.substr(1), "secret-key " + key + "x",
        "secret-key " + key + "\nsecret-key " + key, "secret-key  " + key.substr(1),
        "secret-key \"" + key.substr(1), std::string(2000, 'x')}) {
    const std::string path = folder.write("ada.key", text);
    const Status status = KeyPair::load(path).status();
    EXPECT_EQ(status.code(), Code::invalid_argument) << text;
    EXPECT_THAT(to_string(status), AllOf(HasSubstr(path), Not(HasSubstr(key.substr(2))))) << text;
    EXPECT_EQ(PublicKey::load(path).status().code(), Code::invalid_argument) << text;
  }
  EXPECT_EQ(KeyPair::load(folder.path("nobody.key")).status().code(), Code::not_found);
  EXPECT_EQ(KeyPair::load(folder.path("")).status().code(), Code::invalid_argument);  // the folder
}

TEST(Keys, ASecretAndAPublicKeyAreNotTakenForEachOther) {
  const Folder folder;
  const KeyPair pair = *KeyPair::generate();
  const std::string path = folder.path("ada.key");
  ASSERT_TRUE(pair.save(path).ok());

  const Status as_public = PublicKey::load(path).status();
  const Status as_secret = KeyPair::load(path + ".pub").status();

  EXPECT_EQ(as_public.code(), Code::invalid_argument);
  EXPECT_THAT(to_string(as_public),
              AllOf(HasSubstr("holds a secret key"), Not(HasSubstr(pair.secret_key()))));
  EXPECT_EQ(as_secret.code(), Code::invalid_argument);
  EXPECT_THAT(to_string(as_secret), HasSubstr("holds a public key"));
}

TEST(Keys, APublicKeyIsFortyCharactersOfZ85) {
  EXPECT_TRUE(PublicKey::parse(kSomeKey).ok());
  for (const std::string& wrong :
       {std::string(), std::string(39, '0'), std::string(41, '0'), std::string(40, '~'),
        std::string(40, '#'),  // more than 32 bytes
        std::string(40, '\0')})
    EXPECT_EQ(PublicKey::parse(wrong).status().code(), Code::invalid_argument) << wrong;
}

}  // namespace
}  // namespace conclave::rpc
