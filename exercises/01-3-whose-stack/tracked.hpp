/// @file
/// Text and TextView: a string and a view of one, which know when they have ended.
///
/// Laws
///  1. A Text owns its characters until it ends or is moved from; a moved-from Text is empty.
///  2. A TextView owns nothing.  It is of use as long as the Text it was made of.
///  3. Use of what has ended is no undefined behaviour here: it is noticed, and stays with every copy made of it.
///
/// So they do what std::string and std::string_view do, except that their mistakes can be seen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace conclave {

class TextView;

/// A string.
class Text final {
 public:
  explicit Text(std::string_view characters);
  explicit Text(const TextView& view);  ///< copies the characters
  Text(const Text& other);
  Text(Text&& other) noexcept;
  Text& operator=(const Text& other);
  Text& operator=(Text&& other) noexcept;
  ~Text();
};

/// A view of a Text, or of a part of it.
class TextView final {
 public:
  TextView(
      const Text& text);  // NOLINT(google-explicit-constructor): as a string becomes a string_view
  TextView(const TextView& other);
  TextView& operator=(const TextView& other);
  ~TextView();

  /// What comes after the first `mark`; all of it when there is none.
  [[nodiscard]] TextView after(std::string_view mark) const;

 private:
  TextView() = default;
};

/// What can be seen of a Text or a TextView.
struct Look {
  std::string characters;
  std::string
      ended;  ///< how it ended, or what it is a copy or view of: "when raise() returned"; empty while it lives
};
[[nodiscard]] Look look(const Text& text);
[[nodiscard]] Look look(const TextView& view);

/// What ends from now on ends so: "with its Alert".
void from_now_on_things_end(std::string how);
/// How many Texts there are.
[[nodiscard]] std::size_t texts_alive();

}  // namespace conclave
