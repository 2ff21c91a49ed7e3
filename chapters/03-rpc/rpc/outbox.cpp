#include "rpc/outbox.hpp"

#include <utility>

#include "channels/select.hpp"
#include "goroutines/go.hpp"

namespace conclave::rpc {

using conclave::detail::RuntimeCode;

Outbox::Outbox(Transport& transport) : transport_(transport) {
  group_.go(Name("outbox"), [this] { flush_when_no_more_is_to_come(); });
}

void Outbox::post(const Peer& to, Frames message) { add({.to = to, .posted = std::move(message)}); }

Status Outbox::send(const Peer& to, Frames& message, const Context& context) {
  Sender sender{message};
  struct Leave {  // also when the goroutine is unwound
    std::vector<Entry>& entries;
    Sender* mine;
    ~Leave() {
      std::erase_if(entries, [this](const Entry& entry) { return entry.sender == mine; });
    }
  } const leave{entries_, &sender};
  const Chan<Signal> flushed = flushed_;
  add({.to = to, .sender = &sender});
  if (!sender.is_done) select(recv(flushed), recv(context.done()));
  return sender.is_done ? std::move(sender.status) : context.cause();
}

void Outbox::flush() {
  const RuntimeCode runtime;
  handed_over_.acquire();
  flushing_.swap(entries_);
  bool somebody_waits = false;
  for (Entry& entry : flushing_) {
    Status status =
        transport_.try_send(entry.to, entry.sender ? entry.sender->message : entry.posted);
    if (entry.sender) {
      entry.sender->status = std::move(status);
      entry.sender->is_done = true;
      somebody_waits = true;
    } else if (!status.ok()) {
      ++lost_;
    }
  }
  flushing_.clear();
  if (somebody_waits) std::exchange(flushed_, make_chan<Signal>()).close();
}

void Outbox::add(Entry entry) {
  handed_over_.release();
  const RuntimeCode runtime;
  entries_.push_back(std::move(entry));
  if (entries_.size() == 1) static_cast<void>(wanted_.try_send(Signal{}));
  if (entries_.size() >= kTogetherMax) flush();
}

void Outbox::flush_when_no_more_is_to_come() {
  for (;;) {
    static_cast<void>(wanted_.recv());
    for (std::size_t before = 0; before != entries_.size(); yield()) before = entries_.size();
    if (!entries_.empty()) flush();
  }
}

}  // namespace conclave::rpc
