// Changes messages at random, so that a decoder meets what nobody would think of.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/random.hpp"
#include "rpc/frames.hpp"

namespace conclave::rpc {

/// Makes messages of those that it knows: mostly of two frames, mostly changed, some as they were.
class Mutator {
 public:
  Mutator(std::uint64_t seed, std::vector<std::string> headers, std::vector<std::string> bodies)
      : random_(seed), headers_(std::move(headers)), bodies_(std::move(bodies)) {}

  Frames message() {
    if (random_.chance(0.98)) return message_like({one_of(headers_), one_of(bodies_)});
    constexpr std::uint64_t kFramesMax = 20;
    Frames frames(random_.below(kFramesMax + 1));
    for (std::string& frame : frames)
      frame = changed(one_of(random_.chance(0.5) ? headers_ : bodies_));
    return frames;
  }

  /// One made of `frames`, which are two.
  Frames message_like(Frames frames) {
    change(frames[random_.chance(0.7) ? 0 : 1]);
    return frames;
  }

 private:
  const std::string& one_of(const std::vector<std::string>& known) {
    return known[static_cast<std::size_t>(random_.below(known.size()))];
  }

  std::string changed(std::string bytes) {
    change(bytes);
    return bytes;
  }

  void change(std::string& bytes) {
    for (std::uint64_t changes = random_.below(4); changes > 0; --changes) change_once(bytes);
  }

  void change_once(std::string& bytes) {
    const std::size_t at = place_in(bytes);
    switch (random_.below(8)) {
      case 0:  // one bit
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random_.below(8)));
        break;
      case 1:  // one byte
        if (at < bytes.size()) bytes[at] = any_byte();
        break;
      case 2:  // cut short
        bytes.resize(at);
        break;
      case 3:  // more in between
        bytes.insert(at, random_.below(8), any_byte());
        break;
      case 4:  // the head of one and the tail of another
        bytes.resize(at);
        splice(bytes);
        break;
      case 5:  // a head that promises any number of elements or bytes
        bytes.replace(at, at < bytes.size() ? 1 : 0, lie());
        break;
      case 6:  // arrays or maps in each other
        bytes.insert(at, 1 + random_.below(40), random_.chance(0.5) ? '\x91' : '\x81');
        break;
      case 7:  // without a piece
        bytes.erase(at, random_.below(8));
        break;
    }
  }

  void splice(std::string& bytes) {
    const std::string& other = one_of(random_.chance(0.5) ? headers_ : bodies_);
    bytes += other.substr(place_in(other));
  }

  /// A head of MessagePack's: str, bin, ext, array or map of 16 or 32 bits, or one of fixed length.
  std::string lie() {
    constexpr std::array<unsigned char, 16> kHeads = {0xda, 0xdb, 0xc4, 0xc5, 0xc6, 0xc7,
                                                      0xc8, 0xc9, 0xdc, 0xdd, 0xde, 0xdf,
                                                      0xd4, 0xd8, 0xcb, 0xcf};
    std::string head(1, static_cast<char>(kHeads[random_.below(kHeads.size())]));
    for (int i = 0; i < 4; ++i) head += random_.chance(0.5) ? any_byte() : '\0';
    return head;
  }

  std::size_t place_in(const std::string& bytes) {
    return static_cast<std::size_t>(random_.below(bytes.size() + 1));
  }

  char any_byte() { return static_cast<char>(random_.below(256)); }

  Random random_;
  std::vector<std::string> headers_;
  std::vector<std::string> bodies_;
};

}  // namespace conclave::rpc
