// How much memory a test takes, and may take.
#pragma once

#include <cstddef>
#include <fstream>
#include <sys/resource.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace conclave::rpc {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kUnderSanitizer = true;
#else
constexpr bool kUnderSanitizer = false;
#endif

/// What this process has mapped, and what of that is in memory, in bytes.
struct MemoryNow {
  MemoryNow() {
    std::ifstream("/proc/self/statm") >> mapped >> resident;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    mapped *= page;
    resident *= page;
  }

  std::size_t mapped = 0;
  std::size_t resident = 0;
};

/// As long as this lives, the process may map so much more than it has: malloc() fails beyond.  Without an effect under a
/// sanitizer, which needs all the address space there is.
class AddressSpaceLimit {
 public:
  explicit AddressSpaceLimit(std::size_t more_bytes) {
    ::getrlimit(RLIMIT_AS, &before_);
    if (kUnderSanitizer) return;
    rlimit limit = before_;
    limit.rlim_cur = MemoryNow().mapped + more_bytes;
    ::setrlimit(RLIMIT_AS, &limit);
  }
  AddressSpaceLimit(const AddressSpaceLimit&) = delete;
  AddressSpaceLimit& operator=(const AddressSpaceLimit&) = delete;
  ~AddressSpaceLimit() { ::setrlimit(RLIMIT_AS, &before_); }

 private:
  rlimit before_{};
};

/// Expects that the process has not grown by more than 64 MiB when this goes.
class ExpectNoGrowth {
 public:
  ExpectNoGrowth() = default;
  ExpectNoGrowth(const ExpectNoGrowth&) = delete;
  ExpectNoGrowth& operator=(const ExpectNoGrowth&) = delete;
  ~ExpectNoGrowth() {
    if (kUnderSanitizer) return;  // it keeps what is freed, to see who uses it then
    EXPECT_LE(MemoryNow().resident, before_ + kGrowthMax);
  }

 private:
  static constexpr std::size_t kGrowthMax = std::size_t{64} << 20U;
  std::size_t before_ = MemoryNow().resident;
};

}  // namespace conclave::rpc
