#include "completion_table.hpp"

#include "common/todo.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

struct CompletionTable::State {};

CompletionTable::CompletionTable(std::size_t kept_max) : state_(new State()) {}

CompletionTable::~CompletionTable() = default;

Result<std::string> CompletionTable::call(const RequestId& id,
                                          const std::function<std::string()>& execute) {
  todo("3.7: call, which executes a request once and answers its copies with the same bytes");
}

std::size_t CompletionTable::kept() const {
  todo("3.7: kept, the number of requests in the table");
}

}  // namespace conclave
