#include "rpc/saving.hpp"

#include <mutex>

#include <fmt/format.h>

namespace conclave::rpc {

Status Saving::save() {
  if (is_done()) return {};
  const std::uint64_t upto = changes_;
  const std::scoped_lock turn(writing_);
  if (saved_ >= upto) return {};
  const std::uint64_t changes = changes_;
  if (const Status status = write_(); !status.ok()) {
    return Status::unavailable(
        fmt::format("what the call has changed could not be written down: {}", status));
  }
  saved_ = changes;
  return {};
}

}  // namespace conclave::rpc
