#include "testing/expect.hpp"

#include <atomic>

#include <gtest/gtest.h>

#include "common/place.hpp"
#include "testing/journal.hpp"
#include "testing/report.hpp"

namespace conclave {

namespace {

using isolation::Entry;
using isolation::Journal;

std::atomic<const char*> announced = nullptr;  // where its text begins

void tell(Entry entry) {
  if (const Journal* journal = Journal::current()) journal->write(std::move(entry));
}

}  // namespace

void report_broken(const Claim& claim, std::string_view happened) {
  ADD_FAILURE_AT(claim.place.file_name(), static_cast<int>(claim.place.line()))
      << isolation::line_of("what must hold", claim.text)
      << isolation::line_of("what happened", happened);
}

Claim announce(const Claim& claim) {
  announced = claim.text.data();
  tell({Entry::Kind::claim,
        fmt::format("{}:{}", from_the_root(claim.place.file_name()), claim.place.line()),
        std::string(claim.text)});
  return claim;
}

void settle(const Claim& claim) {
  const char* text = claim.text.data();
  if (announced.compare_exchange_strong(text, nullptr)) tell({Entry::Kind::claim, "", ""});
}

void remark(std::string_view text) { tell({Entry::Kind::remark, "", std::string(text)}); }

}  // namespace conclave
