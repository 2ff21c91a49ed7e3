/// @file
/// Keys: what a terminal sends, as what the reader pressed.
///
/// Laws
///  1. However the bytes are cut into reads, the keys are the same.
///  2. A key that nobody asked for is `unknown`, whatever the length of its sequence.
///
/// A lone escape and the beginning of a sequence are the same byte.  After a read, ask pending(): when no more comes
/// within a moment, it was the key, and flush() says so.
/// Source: ECMA-48, "Control sequences"; xterm, "Control Sequences", PC-style function keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace conclave::coach {

/// A key that was pressed.
struct Key {
  /// Which one.
  enum class Name { character, enter, escape, up, down, page_up, page_down, home, end, unknown };

  Name name = Name::unknown;
  char character =
      '\0';  ///< Of Name::character: ASCII, control characters included, so that Ctrl-C is 3.

  /// Whether it is this character.
  [[nodiscard]] bool is(char other) const { return name == Name::character && character == other; }
  /// Whether both are the same key.
  friend bool operator==(const Key&, const Key&) = default;
};

/// Turns bytes into keys.
class KeyDecoder {
 public:
  /// Takes the next bytes; returns the keys that are complete.
  [[nodiscard]] std::vector<Key> take(std::string_view bytes);
  /// Whether a sequence has begun and is not complete.
  [[nodiscard]] bool pending() const { return !begun_.empty(); }
  /// Nothing more comes: what has begun is a key.
  [[nodiscard]] std::vector<Key> flush();

 private:
  std::string begun_;
};

}  // namespace conclave::coach
