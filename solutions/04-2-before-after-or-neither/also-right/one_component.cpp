// Looks at one number, a's place in the log of its process: b knows of a when it has counted as far as that.
#include <algorithm>

#include "vector_clock.hpp"

namespace conclave {

std::array<Relation, 10> predictions() {
  using enum Relation;
  return {before, neither, after, before, neither, neither, after, neither, before, neither};
}

VectorTime VectorClock::local() {
  VectorTime next = time_;
  ++next[process_];
  return time_ = next;
}

VectorTime VectorClock::send() { return local(); }

VectorTime VectorClock::receive(const VectorTime& sent) {
  const VectorTime mine = local();
  std::ranges::transform(mine, sent, time_.begin(), [](std::uint64_t left, std::uint64_t right) {
    return std::max(left, right);
  });
  return time_;
}

bool happens_before(const Event& a, const Event& b) {
  const std::uint64_t number = a.vector[a.process];
  const std::uint64_t known = b.vector[a.process];
  return a.process == b.process ? number < known : number <= known;
}

}  // namespace conclave
