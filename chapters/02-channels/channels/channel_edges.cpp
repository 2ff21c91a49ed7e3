#include "channels/channel_edges.hpp"

#ifdef BOOK_DETECTS_RACES

#include <algorithm>
#include <memory>

namespace conclave::detail {

struct ChannelEdges::Places {
  // No Edge: to make one is to release, and it is the first sender who makes them all.
  struct Place {
    unsigned char sent = 0;
    unsigned char received = 0;
  };

  explicit Places(std::size_t n) : count(n), all(new Place[n]) {}

  std::size_t count;  // also an unbuffered channel has one, where the two meet
  std::unique_ptr<Place[]> all;
  std::size_t sends = 0;
  std::size_t receives = 0;
};

ChannelEdges::Places& ChannelEdges::places() noexcept {
  if (*places_ == nullptr) *places_ = new Places(std::max<std::size_t>(*capacity_, 1));
  return **places_;
}

void ChannelEdges::forget_places() noexcept { delete *places_; }

// First released, then acquired: what the k-th send learns is not for the k-th receive.
void ChannelEdges::send_edges() noexcept {
  Places& all = places();
  Places::Place& place = all.all[all.sends++ % all.count];
  sanitizer::release_only(&place.sent);
  sanitizer::acquire(&place.received);
}

void ChannelEdges::receive_edges() noexcept {
  Places& all = places();
  Places::Place& place = all.all[all.receives++ % all.count];
  sanitizer::release_only(&place.received);
  sanitizer::acquire(&place.sent);
}

void ChannelEdges::hand_over(const Goroutine& other) noexcept {
  if (*capacity_ == 0) return meet(other);
  send_edges();
  const OnBehalfOf the_receiver(other.race_context);
  receive_edges();
}

void ChannelEdges::meet(const Goroutine& other) noexcept {
  Places::Place& place = places().all[0];
  sanitizer::release_only(&place.sent);
  {
    const OnBehalfOf the_other(other.race_context);
    sanitizer::release_only(&place.received);
    sanitizer::acquire(&place.sent);
  }
  sanitizer::acquire(&place.received);
}

}  // namespace conclave::detail

#endif
