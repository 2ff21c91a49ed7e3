#include "tracked.hpp"

#include <cstdint>
#include <map>
#include <utility>

namespace conclave {

namespace {

using TextId = std::uint64_t;

/// Nothing is kept inside a Text or TextView, so that one that has ended is looked up and never read.
struct Registry {
  struct Span {
    TextId text = 0;
    std::size_t begin = 0;
    std::size_t size = 0;
    std::string ended;
  };

  std::map<TextId, Look> texts;           // all that ever were
  std::map<const void*, TextId> text_at;  // the last one at each address
  std::map<const void*, Span> view_at;    // the last one at each address
  std::string how = "before the run";
  TextId last = 0;
  std::size_t alive = 0;

  void put_text(const Text* place, Look text) {
    texts[++last] = std::move(text);
    text_at[place] = last;
  }
  Look& text(const Text* place) { return texts[text_at.at(place)]; }
};

Registry& registry() {
  static Registry& all = *new Registry;  // outlives every static Text
  return all;
}

/// Moves the characters of `from` out, and leaves it empty; views of it have ended.
Look taken(const Text& from) {
  Look result = look(from);
  if (result.ended.empty()) {
    registry().text(&from).ended = "when its Text was moved from";
    registry().put_text(&from, {});
  }
  return result;
}

}  // namespace

Text::Text(std::string_view characters) {
  registry().put_text(this, {std::string(characters), {}});
  ++registry().alive;
}

Text::Text(const TextView& view) {
  registry().put_text(this, look(view));
  ++registry().alive;
}

Text::Text(const Text& other) {
  registry().put_text(this, look(other));
  ++registry().alive;
}

Text::Text(Text&& other) noexcept {
  registry().put_text(this, taken(other));
  ++registry().alive;
}

Text& Text::operator=(const Text& other) {
  if (this != &other) {
    Look copy = look(other);
    registry().text(this).ended = "when its Text was assigned to";
    registry().put_text(this, std::move(copy));
  }
  return *this;
}

Text& Text::operator=(Text&& other) noexcept {
  if (this != &other) {
    Look moved = taken(other);
    registry().text(this).ended = "when its Text was assigned to";
    registry().put_text(this, std::move(moved));
  }
  return *this;
}

Text::~Text() {
  Look& text = registry().text(this);
  if (text.ended.empty()) text.ended = registry().how;
  --registry().alive;
}

TextView::TextView(const Text& text) {
  registry().view_at[this] = {registry().text_at.at(&text), 0, look(text).characters.size(), {}};
}

TextView::TextView(const TextView& other) { *this = other; }

TextView& TextView::operator=(const TextView& other) {
  registry().view_at[this] = Registry::Span(registry().view_at.at(&other));
  return *this;
}

TextView::~TextView() { registry().view_at.at(this).ended = registry().how; }

TextView TextView::after(std::string_view mark) const {
  TextView rest = *this;
  const std::string characters = look(*this).characters;
  if (const std::size_t at = characters.find(mark); at != characters.npos) {
    Registry::Span& span = registry().view_at.at(&rest);
    span.begin += at + mark.size();
    span.size -= at + mark.size();
  }
  return rest;
}

Look look(const Text& text) { return registry().text(&text); }

Look look(const TextView& view) {
  const Registry::Span& span = registry().view_at.at(&view);
  const Look& text = registry().texts.at(span.text);
  return {text.characters.substr(span.begin, span.size),
          text.ended.empty() ? span.ended : text.ended};
}

void from_now_on_things_end(std::string how) { registry().how = std::move(how); }

std::size_t texts_alive() { return registry().alive; }

}  // namespace conclave
