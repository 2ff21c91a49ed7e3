#include "vector_clock.hpp"

#include <algorithm>
#include <functional>

namespace conclave {

std::array<Relation, 10> predictions() {
  using enum Relation;
  return {before,    // a and l: a, b, message 1, f, g, message 2, l
          neither,   // c and f
          after,     // l and b: b, message 1, f, g, message 2, l
          before,    // j and i: j, k, message 4, i
          neither,   // k and g
          neither,   // d and i
          after,     // m and e: e, f, g, message 2, l, m
          neither,   // k and d
          before,    // h and d: message 3
          neither};  // c and m
}

VectorTime VectorClock::local() {
  ++time_[process_];
  return time_;
}

VectorTime VectorClock::send() { return local(); }

VectorTime VectorClock::receive(const VectorTime& sent) {
  for (std::size_t i = 0; i < time_.size(); ++i) time_[i] = std::max(time_[i], sent[i]);
  return local();
}

bool happens_before(const Event& a, const Event& b) {
  return std::ranges::equal(a.vector, b.vector, std::less_equal<>()) && a.vector != b.vector;
}

}  // namespace conclave
