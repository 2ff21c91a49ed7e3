// Looks before it waits, and begins each look behind the input that was served last.
#include <algorithm>
#include <optional>

#include "merge.hpp"

namespace conclave {
namespace {

/// The number of an input that is ready, with what came from it; parks until there is one.
std::size_t next(const std::vector<RecvChan<int>>& open, std::optional<int>& value) {
  for (std::size_t i = 0; i < open.size(); ++i) {
    TryRecv<int> found = open[i].try_recv();
    value = found.value;
    if (found || found.closed) return i;
  }
  std::vector<SelectCase> cases;
  for (const auto& input : open) cases.emplace_back(recv(input, value));
  return static_cast<std::size_t>(select(cases));
}

}  // namespace

void merge(const std::vector<RecvChan<int>>& inputs, const SendChan<int>& output) {
  std::vector<RecvChan<int>> open = inputs;
  while (!open.empty()) {
    std::optional<int> value;
    const auto served = open.begin() + static_cast<std::ptrdiff_t>(next(open, value));
    if (value) {
      output.send(*value);
      std::rotate(open.begin(), served + 1, open.end());
    } else {
      open.erase(served);
    }
  }
  output.close();
}

}  // namespace conclave
