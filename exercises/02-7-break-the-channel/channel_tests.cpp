#include "channel_tests.hpp"

#include "common/todo.hpp"

namespace conclave::suspect {
namespace {

// An example of a test, and of what is not enough: the happy path.
void a_value_passes() {
  const Chan numbers = make_chan();
  go([numbers] { numbers.send(7); });
  expect(numbers.recv() == 7, "what was sent is received");
}

void a_buffer_has_room() { todo("2.7: a test of a buffer: it holds as many values as it says"); }

}  // namespace

std::vector<ChannelTest> channel_tests() {
  return {
      {"a value passes", a_value_passes},
      {"a buffer has room", a_buffer_has_room},
  };
}

}  // namespace conclave::suspect
