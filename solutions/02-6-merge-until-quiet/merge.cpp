#include "merge.hpp"

#include <optional>

namespace conclave {

void merge(const std::vector<RecvChan<int>>& inputs, const SendChan<int>& output) {
  std::vector<RecvChan<int>> open = inputs;
  while (!open.empty()) {
    std::optional<int> value;
    std::vector<SelectCase> cases;
    for (const auto& input : open) cases.emplace_back(recv(input, value));
    const int chosen = select(cases);
    if (value) {
      output.send(*value);
    } else {
      open.erase(open.begin() + chosen);
    }
  }
  output.close();
}

}  // namespace conclave
