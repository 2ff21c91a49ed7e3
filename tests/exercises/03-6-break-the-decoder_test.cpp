// Exercise 3.6: the reader's frames are the thing under test.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "03-6-break-the-decoder/decoders.hpp"
#include "frames.hpp"
#include "goroutines/goroutines.hpp"
#include "support/break_it.hpp"
#include "testing/expect.hpp"

namespace conclave {
namespace {

/// Sends the frame, and then a good one, as over a connection.
void examine(const Frame& frame, const Decoder& decoder) {
  const Opinion opinion = decoder(frame.header);
  expect(opinion.verdict == frame.verdict,
         fmt::format("you say {}, and it says {}{}{}", to_string(frame.verdict),
                     to_string(opinion.verdict), opinion.why.empty() ? "" : ": ", opinion.why));
  const Opinion next = decoder(bytes("95 a2'CV' 01 01 02 a6'Ok.Now'"));
  expect(next.verdict == Verdict::read, "the next frame, a good one, is read");
}

std::vector<Trial> trials_of(const Decoder& decoder) {
  std::vector<Trial> trials;
  for (const Frame& frame : frames()) {
    trials.push_back({.name = frame.name,
                      .examine =
                          [frame, decoder](const RunOptions& options) {
                            run([&] { examine(frame, decoder); }, options);
                          },
                      .has_one_order = true});
  }
  return trials;
}

TEST(Frames, AreTakenByThisChaptersDecoderForWhatTheyAre) {
  must_accept("decoder", "the decoder of this chapter", trials_of(our_decoder()));
}

TEST(Frames, AreTakenForThatByADecoderBuiltAnotherWay) {
  must_accept("decoder", "one that keeps all the laws and is built another way",
              trials_of(other_decoder()));
}

TEST(Frames, AreTwelveAtMost) {
  const std::vector<Frame> all = frames();

  must_hold("twelve frames are enough, and there are no more", all.size() <= kFramesMax,
            "you have {}", all.size());
}

TEST(Frames, RejectSixOfEightWrongDecoders) {
  std::vector<Planted> planted;
  for (const auto& [flaw, decoder] : planted_decoders())
    planted.push_back({flaw, trials_of(decoder)});

  must_reject(6, planted);
}

}  // namespace
}  // namespace conclave
