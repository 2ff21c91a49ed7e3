#include "testing/output.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace conclave::isolation {

void Output::append(std::string_view bytes) {
  const std::size_t fits = std::min(bytes.size(), kHalfSizeMax - first_.size());
  first_ += bytes.substr(0, fits);
  last_ += bytes.substr(fits);
  if (last_.size() > 2 * kHalfSizeMax) {
    left_out_size_ += last_.size() - kHalfSizeMax;
    last_.erase(0, last_.size() - kHalfSizeMax);
  }
}

std::string Output::text() const {
  const std::size_t surplus = last_.size() - std::min(last_.size(), kHalfSizeMax);
  const std::size_t left_out_size = left_out_size_ + surplus;
  if (left_out_size == 0) return first_ + last_;
  return fmt::format("{}\n({} bytes are left out here)\n{}", first_, left_out_size,
                     last_.substr(surplus));
}

}  // namespace conclave::isolation
