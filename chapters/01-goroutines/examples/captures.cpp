/// @file
/// A goroutine outlives the function that started it; what it captured by reference does not.
#include <memory>
#include <string>

#include <fmt/core.h>

#include "goroutines/goroutines.hpp"

using conclave::go;

// A request that can be asked whether it still exists, so that nobody has to crash to find out.
using Request = std::shared_ptr<std::string>;
using Reference = std::weak_ptr<std::string>;

//! [handlers]
void handle_by_reference() {
  const Request request = std::make_shared<std::string>("GET /");
  go([request = Reference(request)] {  // what [&] captures: a reference that does not own
    const Request alive = request.lock();
    fmt::print("by reference: {}\n", alive ? *alive : "the request has ended before me");
  });
}

void handle_by_value() {
  const Request request = std::make_shared<std::string>("GET /");
  go([request] { fmt::print("by value:     {}\n", *request); });
}
//! [handlers]

int main() {
  conclave::run([] {
    handle_by_reference();
    handle_by_value();
    fmt::print("both handlers have returned\n");
    while (conclave::num_goroutines() > 1) conclave::yield();
  });
}
