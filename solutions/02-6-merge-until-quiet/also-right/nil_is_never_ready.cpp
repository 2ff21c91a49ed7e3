// The indices stay: what is closed becomes nil.  The handlers do the sending.
#include <cstddef>
#include <optional>

#include "merge.hpp"

namespace conclave {

void merge(const std::vector<RecvChan<int>>& inputs, const SendChan<int>& output) {
  std::vector<RecvChan<int>> heard = inputs;
  std::size_t open_count = heard.size();
  while (open_count != 0) {
    std::vector<SelectCase> cases;
    for (RecvChan<int>& input : heard) {
      cases.emplace_back(recv(input, [&](std::optional<int> value) {
        if (value) return output.send(*value);
        input = {};
        --open_count;
      }));
    }
    select(cases);
  }
  output.close();
}

}  // namespace conclave
