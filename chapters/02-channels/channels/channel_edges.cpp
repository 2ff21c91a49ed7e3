#include "channels/channel_edges.hpp"

#ifdef BOOK_DETECTS_RACES

#include <algorithm>
#include <memory>

namespace conclave::detail {

struct ChannelEdges::Places {
  struct Place {
    Edge sent;
    Edge received;
  };

  explicit Places(std::size_t n) : count(n), all(new Place[n]) {}

  std::size_t count;  // also an unbuffered channel has one, where the two meet
  std::unique_ptr<Place[]> all;
  std::size_t sends = 0;
  std::size_t receives = 0;
};

ChannelEdges::Places& ChannelEdges::places() noexcept {
  if (places_ == nullptr) places_ = new Places(std::max<std::size_t>(capacity_, 1));
  return *places_;
}

void ChannelEdges::forget_places() noexcept { delete places_; }

// First released, then acquired: what the k-th send learns is not for the k-th receive.
void ChannelEdges::send_edges() noexcept {
  Places& all = places();
  Places::Place& place = all.all[all.sends++ % all.count];
  place.sent.release_only();
  place.received.acquire();
}

void ChannelEdges::receive_edges() noexcept {
  Places& all = places();
  Places::Place& place = all.all[all.receives++ % all.count];
  place.received.release_only();
  place.sent.acquire();
}

void ChannelEdges::hand_over(const Goroutine& other) noexcept {
  if (capacity_ == 0) return meet(other);
  send_edges();
  const OnBehalfOf the_receiver(other.race_context);
  receive_edges();
}

void ChannelEdges::meet(const Goroutine& other) noexcept {
  Places::Place& place = places().all[0];
  place.sent.release_only();
  {
    const OnBehalfOf the_other(other.race_context);
    place.received.release_only();
    place.sent.acquire();
  }
  place.received.acquire();
}

}  // namespace conclave::detail

#endif
