#include "common/errno.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace conclave {
namespace {

TEST(Errno, HasTheCodeThatSaysWhatCanBeDone) {  // law 1
  EXPECT_EQ(code_of(ENOENT), Code::not_found);
  EXPECT_EQ(code_of(EEXIST), Code::already_exists);
  EXPECT_EQ(code_of(EROFS), Code::permission_denied);
  EXPECT_EQ(code_of(ENOSPC), Code::resource_exhausted);
  EXPECT_EQ(code_of(EMFILE), Code::resource_exhausted);
  EXPECT_EQ(code_of(EIO), Code::data_loss);
}

TEST(Errno, IsUnknownWhenNobodyKnowsIt) {  // law 2
  EXPECT_EQ(code_of(ELOOP), Code::unknown);
  EXPECT_EQ(code_of(-1), Code::unknown);
}

}  // namespace
}  // namespace conclave
