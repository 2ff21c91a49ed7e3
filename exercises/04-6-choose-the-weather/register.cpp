#include "register.hpp"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "channels/channels.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

using std::chrono_literals::operator""ms;

namespace {

constexpr const char* kFile = "copy";
constexpr std::size_t kFileBytesMax = 10'000;
constexpr std::size_t kWaitingMax = 100;
constexpr Duration kLeaseOfBackup = 200ms;
constexpr Duration kLeaseOfPrimary = 250ms;  // 200 on a slow clock are less than 250 on a fast one
constexpr Duration kAskEvery = 50ms;
constexpr Duration kUpdateEvery = 25ms;
constexpr std::size_t kHeardMax = 100;
constexpr Duration kAnswerWithin = 600ms;

/// Everything that is sent.  What a kind does not need stays empty.
struct Message {
  std::string kind{};             // read write value done not_now, update have, ask lease
  std::string client{};           // read write
  std::uint64_t number = 0;       // read write and their answers; ask lease: which of the questions
  int value = 0;                  // write value
  Copy copy{};                    // update have ask, lease: if the backup has it not
  std::uint64_t incarnation = 0;  // ask lease: whose question it is
  std::int64_t asked_at = 0;      // ask lease: on its clock
  MSGPACK_DEFINE(kind, client, number, value, copy, incarnation, asked_at)
};

/// One that has come, and where an answer goes.
struct Arrived {
  rpc::Peer from;
  Message message;
};

/// One attempt: what does not leave now is lost.
void send(rpc::Transport& transport, const rpc::Peer& to, const Message& message) {
  rpc::Frames frames{rpc::encode(message)};
  static_cast<void>(transport.try_send(to, frames));
}

/// The next message.
/// @return deadline_exceeded when none has come before `end`
Result<Arrived> receive(rpc::Transport& transport, TimePoint end) {
  const auto [context, cancel] = with_deadline({}, end);
  const Result<rpc::Received> received = transport.recv(context);
  if (!received.ok()) return received.status();
  Result<Message> message = rpc::decode<Message>(received->message.at(0));
  if (!message.ok()) return message.status();
  return Arrived{received->from, *std::move(message)};
}

Result<Copy> load(Disk& disk) {
  const Result<std::string> bytes = read_whole(disk, kFile, kFileBytesMax);
  if (bytes.status().code() == Code::not_found) return Copy();
  if (!bytes.ok()) return bytes.status();
  return rpc::decode<Copy>(*bytes);
}

}  // namespace

// ---- what they decide ----

Status Register::save(Disk& disk, const Copy& copy) const {
  return write_whole(disk, kFile, rpc::encode(copy));
}

bool Register::may_start(bool has_waited, bool /*has_heard_backup*/) const { return has_waited; }

bool Register::is_new(const Copy& copy, const std::string& client, std::uint64_t number) const {
  const auto last = copy.executed.find(client);
  return last == copy.executed.end() || number > last->second;
}

bool Register::has_newest(std::uint64_t newest, std::uint64_t backup_has,
                          std::size_t /*updates_sent*/) const {
  return backup_has == newest;
}

bool Register::may_answer(bool backup_has_it, bool backup_has_lease) const {
  return backup_has_it || !backup_has_lease;
}

bool Register::takes(std::uint64_t update, std::uint64_t has) const { return update > has; }

bool Register::is_for_me(std::uint64_t incarnation, std::uint64_t mine) const {
  return incarnation == mine;
}

bool Register::has_lease(const Lease& lease) const { return now() < lease.end; }

bool Register::asks_again(std::size_t /*longest_silence*/) const { return true; }

// ---- the primary ----

/// One life of the primary.
class Primary {
 public:
  Primary(const Register& rules, World& world, Copy copy)
      : rules_(rules),
        world_(world),
        transport_(world.transport()),
        copy_(std::move(copy)),
        starts_(now() + kLeaseOfPrimary),
        lease_ends_(starts_) {}

  void run() {
    if (!transport_->listen(world_.address(world_.name())).ok()) return;
    backup_ = *transport_->connect(world_.address("n2"));
    for (TimePoint tick = now(); is_well_;) {
      if (now() >= tick) {
        tick = now() + kUpdateEvery;
        if (pending_) send_update();
      }
      Result<Arrived> arrived = receive(*transport_, tick);
      if (arrived.ok()) {
        take(*std::move(arrived));
      } else if (arrived.status().code() != Code::deadline_exceeded) {
        return;
      }
      go_on();
    }
  }

 private:
  void take(Arrived arrived) {
    const std::string& kind = arrived.message.kind;
    if (kind == "have" || kind == "ask") return hear(arrived.message);
    if (waiting_.size() < kWaitingMax) waiting_.push_back(std::move(arrived));
  }

  /// The backup says what it has, and asks perhaps for a lease.
  void hear(const Message& message) {
    has_heard_ = true;
    if (message.copy.version > copy_.version) {  // it has kept what we have lost
      copy_ = message.copy;
      is_well_ = rules_.save(world_.disk(), copy_).ok();
    }
    const bool has = rules_.has_newest(copy_.version, message.copy.version, updates_sent_);
    backup_has_it_ = backup_has_it_ || has;
    if (message.kind != "ask") return;
    if (pending_ && !backup_has_it_)
      return send_update();  // no lease while a write waits for one to end
    lease_ends_ = std::max(lease_ends_, now() + kLeaseOfPrimary);
    Message lease = message;
    lease.kind = "lease";
    lease.copy = has ? Copy() : copy_;
    send(*transport_, backup_, lease);
  }

  /// Answers the write that waits for the backup, if it may; then those who have come meanwhile.
  void go_on() {
    has_started_ = has_started_ || rules_.may_start(now() >= starts_, has_heard_);
    while (is_well_ && has_started_) {
      if (pending_) {
        if (!rules_.may_answer(backup_has_it_, now() < lease_ends_)) return;
        answer(*pending_, "done");
        pending_.reset();
      }
      if (waiting_.empty()) return;
      const Arrived next = std::move(waiting_.front());
      waiting_.pop_front();
      next.message.kind == "write" ? write(next) : answer(next, "value");
    }
  }

  void write(const Arrived& arrived) {
    const Message& message = arrived.message;
    if (!rules_.is_new(copy_, message.client, message.number)) return;
    ++copy_.version;
    copy_.value = message.value;
    copy_.executed[message.client] = message.number;
    is_well_ = rules_.save(world_.disk(), copy_).ok();
    if (!is_well_) return;  // nobody knows what is on the disk now: the next life looks
    pending_ = arrived;
    backup_has_it_ = false;
    updates_sent_ = 0;
    send_update();
  }

  void send_update() {
    ++updates_sent_;
    send(*transport_, backup_, {.kind = "update", .copy = copy_});
  }

  void answer(const Arrived& asked, const std::string& kind) {
    send(*transport_, asked.from,
         {.kind = kind, .number = asked.message.number, .value = copy_.value});
  }

  const Register& rules_;
  World& world_;
  std::unique_ptr<rpc::Transport> transport_;
  rpc::Peer backup_;
  Copy copy_;
  bool is_well_ = true;
  // The beginning.
  const TimePoint starts_;
  bool has_started_ = false;
  bool has_heard_ = false;
  // The backup.
  TimePoint lease_ends_;
  bool backup_has_it_ = false;  // what is pending
  std::size_t updates_sent_ = 0;
  // The clients.
  std::optional<Arrived> pending_;  // a write that is saved, and not answered
  std::deque<Arrived> waiting_;
};

void Register::primary(World& world) const {
  Result<Copy> copy = load(world.disk());
  // What can be read need not be durable: an earlier life may have ended because it could not sync.
  if (!copy.ok() || !save(world.disk(), *copy).ok()) return;
  Primary(*this, world, *std::move(copy)).run();
}

// ---- the backup ----

/// One life of the backup.
class Backup {
 public:
  Backup(const Register& rules, World& world, Copy copy)
      : rules_(rules), world_(world), transport_(world.transport()), copy_(std::move(copy)) {}

  void run() {
    if (!transport_->listen(world_.address(world_.name())).ok()) return;
    primary_ = *transport_->connect(world_.address("n1"));
    follower_.go([this] { follow(); });
    for (TimePoint tick = now(); is_well_;) {
      if (now() >= tick) {
        tick = now() + kAskEvery;
        ask();
      }
      Result<Arrived> arrived = receive(*transport_, tick);
      if (arrived.ok()) {
        take(*std::move(arrived));
      } else if (arrived.status().code() != Code::deadline_exceeded) {
        return;
      }
    }
  }

 private:
  void ask() {
    longest_silence_ = std::max(longest_silence_, ++silence_);
    if (!rules_.asks_again(longest_silence_)) return;
    send(*transport_, primary_,
         {.kind = "ask",
          .number = ++lease_.asked,
          .copy = copy_,
          .incarnation = world_.incarnation(),
          .asked_at = now().time_since_epoch().count()});
  }

  void take(Arrived arrived) {
    if (arrived.message.kind == "read") return answer(arrived);
    silence_ = 0;
    static_cast<void>(heard_.try_send(std::move(arrived.message)));
  }

  /// Updates and leases, by themselves, so that no read waits for the disk.
  void follow() {
    while (const std::optional<Message> message = heard_.recv()) {
      const Copy& newest = message->copy;
      if (newest.version != 0 && rules_.takes(newest.version, copy_.version)) {
        is_well_ = rules_.save(world_.disk(), newest).ok();
        if (!is_well_) return;
        copy_ = newest;
      }
      if (message->kind == "update") {
        send(*transport_, primary_, {.kind = "have", .copy = copy_});
      } else if (rules_.is_for_me(message->incarnation, world_.incarnation())) {
        lease_.end = std::max(lease_.end, TimePoint(Duration(message->asked_at)) + kLeaseOfBackup);
        lease_.granted = std::max(lease_.granted, message->number);
      }
    }
  }

  void answer(const Arrived& read) {
    send(*transport_, read.from,
         {.kind = rules_.has_lease(lease_) ? "value" : "not_now",
          .number = read.message.number,
          .value = copy_.value});
  }

  const Register& rules_;
  World& world_;
  std::unique_ptr<rpc::Transport> transport_;
  rpc::Peer primary_;
  Copy copy_;
  bool is_well_ = true;
  Lease lease_;
  std::size_t silence_ = 0;  // how often it has asked since it heard of the primary
  std::size_t longest_silence_ = 0;
  Chan<Message> heard_ = make_chan<Message>(kHeardMax);
  GoroutineGroup follower_{"follower"};
};

void Register::backup(World& world) const {
  Result<Copy> copy = load(world.disk());
  if (!copy.ok() || !save(world.disk(), *copy).ok()) return;
  Backup(*this, world, *std::move(copy)).run();
}

// ---- a client ----

Caller::Caller(World& world) : world_(world), transport_(world.transport()) {}

Result<int> Caller::read(const std::string& node) { return call(node, "read", 0); }

Status Caller::write(int value) { return call("n1", "write", value).status(); }

Result<int> Caller::call(const std::string& node, const std::string& kind, int value) {
  const TimePoint end = now() + kAnswerWithin;
  const rpc::Peer peer = *transport_->connect(world_.address(node));
  send(*transport_, peer,
       {.kind = kind, .client = world_.name(), .number = ++number_, .value = value});
  for (;;) {
    const Result<Arrived> arrived = receive(*transport_, end);
    if (!arrived.ok()) return arrived.status();
    if (arrived->message.number != number_) continue;  // of a call that was given up
    if (arrived->message.kind == "not_now")
      return Status::unavailable(node + " has no lease at present");
    return arrived->message.value;
  }
}

}  // namespace conclave
