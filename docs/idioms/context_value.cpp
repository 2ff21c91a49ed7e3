/// @file
/// Who asks travels with the request.
#include <string>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Context;
using conclave::ContextKey;

//! [part]
const ContextKey<std::string> kUser("user");

void greet(const Context& context) {
  if (const std::string* user = context.value(kUser)) {
    fmt::print("hello {}\n", *user);
  } else {
    fmt::print("hello stranger\n");
  }
}

int main() {
  conclave::run([] {
    Context context;
    greet(context);
    greet(with_value(context, kUser, "ada"));
  });
}
//! [part]
