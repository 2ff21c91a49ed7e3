#include "simulation/trace.hpp"

namespace conclave::simulation {

void Trace::keep(std::string_view actor, std::string_view what) {
  if (lines_.size() == lines_max_) lines_.pop_front();
  const auto microseconds = clock_.now().time_since_epoch().count() / 1000;
  lines_.push_back(fmt::format("{:5}.{:06} s  {:<8}  {}", microseconds / 1'000'000,
                               microseconds % 1'000'000, actor, what));
}

}  // namespace conclave::simulation
