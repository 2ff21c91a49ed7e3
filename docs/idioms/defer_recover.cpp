/// @file
/// What is opened is closed, also when something goes wrong.
#include <string>
#include <utility>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::Panic;

//! [part]
class File {
 public:
  explicit File(std::string name) : name_(std::move(name)) {
    fmt::print("open {}\n", name_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() { fmt::print("close {}\n", name_); }

 private:
  std::string name_;
};

void copy_file() {
  const File from("from");
  const File to("to");
  conclave::panic("disk full");
}

int main() {
  conclave::run([] {
    try {
      copy_file();
    } catch (const Panic& problem) {
      fmt::print("recovered: {}\n", problem.message());
    }
  });
}
//! [part]
