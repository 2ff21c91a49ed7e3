// Exercise 2.7: the reader's tests are the thing under test.
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "02-7-break-the-channel/channels.hpp"
#include "channel_tests.hpp"
#include "goroutines/goroutines.hpp"
#include "support/break_it.hpp"

namespace conclave::suspect {
namespace {

std::unique_ptr<Builder> builder;  // of the examination that runs in this process

std::vector<Trial> trials_of(const BuilderMaker& make) {
  std::vector<Trial> trials;
  for (const ChannelTest& test : channel_tests()) {
    trials.push_back({test.name, [test, make](const RunOptions& options) {
                        builder = make(options.seed);
                        run([&] { test.examine(); }, options);
                      }});
  }
  return trials;
}

TEST(ChannelTests, AcceptTheChannelOfThisChapter) {
  must_accept("channel", "the Chan of this chapter", trials_of(our_channels()));
}

TEST(ChannelTests, AcceptARightChannelBuiltAnotherWay) {
  must_accept("channel", "a channel that keeps all the laws and is built another way",
              trials_of(other_channels()));
}

TEST(ChannelTests, RejectSixOfNineWrongOnes) {
  std::vector<Planted> planted;
  for (const auto& [flaw, make] : planted_channels()) planted.push_back({flaw, trials_of(make)});

  must_reject(6, planted);
}

}  // namespace

Chan make_chan(std::size_t capacity) { return Chan(builder->build(capacity)); }

int select(const std::vector<Case>& cases) { return builder->select(cases); }

}  // namespace conclave::suspect
