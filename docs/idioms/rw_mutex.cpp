/// @file
/// A table that is read far more often than written.
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::RWMutex;

//! [part]
class Table {
 public:
  std::optional<std::string> find(const std::string& name) {
    const std::shared_lock lock(mutex_);
    const auto found = address_.find(name);
    if (found == address_.end()) return std::nullopt;
    return found->second;
  }

  void set(const std::string& name,
           const std::string& address) {
    const std::unique_lock lock(mutex_);
    address_[name] = address;
  }

 private:
  RWMutex mutex_;
  std::map<std::string, std::string> address_;
};
//! [part]

int main() {
  conclave::run([] {
    Table table;
    fmt::print("known: {}\n", table.find("n1").has_value());
    table.set("n1", "10.0.0.1");
    fmt::print("n1 is at {}\n", *table.find("n1"));
  });
}
