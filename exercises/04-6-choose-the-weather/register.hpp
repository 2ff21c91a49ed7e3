/// @file
/// A register in two copies: the primary n1 takes the writes, the backup n2 follows it, and both answer reads.
///
/// How it goes
///  - A write has its version.  The primary saves it, sends it to the backup as an update, again and again, and answers when the
///    backup has it, too; or when the backup has no lease any more, and so answers no reads.
///  - The backup asks for a lease every 50 ms, and says in the same message what it has.  The primary gives it one, with the
///    newest copy, unless a write is waiting for the backup.  It is good for 200 ms from when it was asked for, by the backup's
///    clock; the primary reckons with 250 ms from when it was given, so that clocks may go wrong by a tenth.
///  - A primary that starts waits for 250 ms, since an earlier life of it may have given a lease.
///  - A client sends a request once.  When no answer comes it does not know, and goes on.
///
/// What it promises
///  1. Reads and writes are as of one register, to all clients: a read sees the last write that was over when it began, or a later
///     one, and no older one than a read that was over when it began.
///  2. A write that was answered is never lost.
///  3. When nothing fails any more, each node answers within twenty seconds: the network may still hold back messages for ten.
/// All of it under every fault of faults.hpp but one: a bit that has turned on a disk (bit_rot) it does not notice.
///
/// Source: Gray and Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency", SOSP 1989.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "common/result.hpp"
#include "goroutines/clock.hpp"
#include "rpc/codec.hpp"
#include "rpc/transport.hpp"
#include "simulation/disk.hpp"
#include "simulation/world.hpp"

namespace conclave {

/// What a node keeps.
struct Copy {
  std::uint64_t version = 0;
  int value = 0;
  std::map<std::string, std::uint64_t>
      executed{};  ///< of each client, the number of its last write
  MSGPACK_DEFINE(version, value, executed)
};

/// What the backup knows of its lease.
struct Lease {
  TimePoint end{};            ///< until then it is good
  std::uint64_t asked = 0;    ///< how often it has asked for one
  std::uint64_t granted = 0;  ///< which of them was answered last: the first is 1
};

/// What the nodes decide, each in a few words; the rest is messages (register.cpp).
class Register {
 public:
  Register() = default;
  virtual ~Register() = default;
  Register(const Register&) = delete;
  Register& operator=(const Register&) = delete;

  /// Runs on n1.  Returns when its disk fails; then it is started again.
  void primary(World& world) const;

  /// Runs on n2; likewise.
  void backup(World& world) const;

 private:
  friend class Primary;
  friend class Backup;

  // Both.

  /// Makes a copy durable, before anybody is told of it.
  [[nodiscard]] virtual Status save(Disk& disk, const Copy& copy) const;

  // The primary.

  /// Whether it may answer clients already, that has started.
  [[nodiscard]] virtual bool may_start(bool has_waited, bool has_heard_backup) const;

  /// Whether this write of the client has not been executed before.
  [[nodiscard]] virtual bool is_new(const Copy& copy, const std::string& client,
                                    std::uint64_t number) const;

  /// Whether a backup that says it has the version `backup_has` has the newest.
  [[nodiscard]] virtual bool has_newest(std::uint64_t newest, std::uint64_t backup_has,
                                        std::size_t updates_sent) const;

  /// Whether a write that is saved may be answered.
  [[nodiscard]] virtual bool may_answer(bool backup_has_it, bool backup_has_lease) const;

  // The backup.

  /// Whether it takes an update with this version, when it has that one.
  [[nodiscard]] virtual bool takes(std::uint64_t update, std::uint64_t has) const;

  /// Whether a lease that was asked for in that incarnation is its own.
  [[nodiscard]] virtual bool is_for_me(std::uint64_t incarnation, std::uint64_t mine) const;

  /// Whether it may answer a read.
  [[nodiscard]] virtual bool has_lease(const Lease& lease) const;

  /// Whether it goes on asking for leases.
  /// @param longest_silence   so many questions in a row were not answered
  [[nodiscard]] virtual bool asks_again(std::size_t longest_silence) const;
};

/// A client's end: it sends a request once, and waits for its answer for 600 ms.
class Caller {
 public:
  explicit Caller(World& world);

  /// Reads from a node.
  /// @return the value; unavailable: the node has said that it cannot; deadline_exceeded: no answer
  Result<int> read(const std::string& node);

  /// Writes.
  /// @return ok; deadline_exceeded: it has happened, or will, or never does
  Status write(int value);

 private:
  Result<int> call(const std::string& node, const std::string& kind, int value);

  World& world_;
  std::unique_ptr<rpc::Transport> transport_;
  std::uint64_t number_ = 0;
};

}  // namespace conclave
