/// @file
/// checksum: whether bytes are still what they were.
///
/// Laws
///  1. The same bytes and seed have the same checksum on every machine, in every version of the book: it may be kept in files.
///  2. Bytes altered by accident keep theirs with a probability of 2^-64.  Whoever alters them on purpose can keep it:
///     it proves nothing about who wrote them.
///
/// Call from anywhere.
/// Source: XXH3, 64 bits, of xxHash (https://xxhash.com), whose result is stable since version 0.8.0.
#pragma once

#include <cstdint>
#include <string_view>

namespace conclave {

/// The checksum of `bytes`; another `seed` gives another one, so that bytes at a wrong place do not pass for right ones.
[[nodiscard]] std::uint64_t checksum(std::string_view bytes, std::uint64_t seed = 0) noexcept;

}  // namespace conclave
