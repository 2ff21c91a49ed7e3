/// @file
/// A comparison that waits for an answer, in the middle of std::min_element, which knows nothing of it.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/core.h>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

using conclave::Chan;
using conclave::go;
using conclave::make_chan;

struct Question {
  std::string fruit;
  Chan<int> price;
};

//! [ask]
int price(const Chan<Question>& shop, const std::string& fruit) {
  auto answer = make_chan<int>();
  shop.send({fruit, answer});
  return *answer.recv();  // parks, with std::min_element below it on the stack
}

std::string cheapest(const Chan<Question>& shop, const std::vector<std::string>& fruits) {
  return *std::min_element(fruits.begin(), fruits.end(), [&](const auto& left, const auto& right) {
    return price(shop, left) < price(shop, right);
  });
}
//! [ask]

int main() {
  conclave::run([] {
    auto shop = make_chan<Question>();
    go([shop] {
      for (const Question& question : shop) {
        fmt::print("somebody asks for the price of {}\n", question.fruit);
        question.price.send(question.fruit == "apples" ? 3 : 5);
      }
    });
    fmt::print("the cheapest: {}\n", cheapest(shop, {"pears", "apples"}));
  });
}
