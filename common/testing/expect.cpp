#include "testing/expect.hpp"

#include <gtest/gtest.h>

#include "testing/report.hpp"

namespace conclave {

void report_broken(const Claim& claim, std::string_view happened) {
  ADD_FAILURE_AT(claim.place.file_name(), static_cast<int>(claim.place.line()))
      << isolation::line_of("what must hold", claim.text)
      << isolation::line_of("what happened", happened);
}

}  // namespace conclave
