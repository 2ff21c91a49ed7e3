/// @file
/// Exercise 3.6: bytes that tell a right decoder from a wrong one.
///
/// A decoder is given a header frame, and says whether it is a request, as chapters/03-rpc/wire.md has it:
///
///     ["CV", 1, 1, call, method, remaining_us, attempt, once, metadata]
///
/// Laws of a right one, for whatever bytes.  A header that breaks one is refused for the first that it breaks; the ones that are
/// right are read, and so is the next frame, whatever this one was.
///  1. What a length promises is there: else too_short.  Memory is taken in proportion to the bytes, and for no promise.
///  2. Arrays and maps lie within each other four deep at most, the header's own array included: else too_deep.
///  3. The header is one value, and nothing follows it: else too_much.
///  4. A header begins with four elements, "CV" first: else other.  A version that is not 1: version.  (The third is 1, for a
///     request; what the other kinds are is not asked here.)
///  5. An element that is missing has its usual value, and one that follows those one knows is passed over: in a header, and in
///     `once`.
///  6. An element is of its type, and a number fits: call and remaining_us in 64 bits, unsigned, the others in 32; else misfit.
///  7. A method's name is 1 to 128 of A to Z, a to z, 0 to 9, '_' and '.'; in metadata a name is of a to z, 0 to 9, '-', '_' and
///     '.', and not empty: else no_name.  No name is there twice: else name_twice.
///
/// Source: chapters/03-rpc/wire.md; the MessagePack specification, "Formats".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace conclave {

/// What a decoder makes of a header.
enum class Verdict {
  read,        ///< it is a request
  too_short,   ///< the bytes end before the value does, or a length promises more than is there
  too_deep,    ///< too many arrays and maps within each other
  too_much,    ///< bytes stand behind the value
  version,     ///< another version
  misfit,      ///< an element is of another type, or a number does not fit
  no_name,     ///< what should be a name is none
  name_twice,  ///< metadata has a name twice
  other,       ///< refused for any other reason
};

/// Bytes as one writes them down: pairs of hex digits, and text between single quotes.
///
///     bytes("92 a2'CV' 01")     an array of two: the text "CV" of two bytes, and 1
///
/// The first byte of a value says what it is:
///
///     00 .. 7f  the number itself            90 .. 9f  an array of 0 .. 15       80 .. 8f  a map of 0 .. 15
///     cc, cd, ce, cf  a number that          dc, dd    an array whose length     de, df    a map whose length
///         follows, in 1, 2, 4, 8 bytes           follows, in 2, 4 bytes              follows, in 2, 4 bytes
///     c0  nil    c2  false    c3  true       a0 .. bf  a text of 0 .. 31 bytes   d9, da, db  a text whose length
///                                                                                    follows, in 1, 2, 4 bytes
///
/// Numbers have their highest byte first.  In a map each name is followed by its value.
std::string bytes(std::string_view text);

/// A header, and what a right decoder makes of it.
struct Frame {
  std::string name;    ///< yours, to know it by
  std::string header;  ///< what is sent
  Verdict verdict{};   ///< what a right decoder says
};

/// At most this many frames.
inline constexpr std::size_t kFramesMax = 12;

/// Your frames.  Each is given to each decoder, and after it a good one.
std::vector<Frame> frames();

}  // namespace conclave
