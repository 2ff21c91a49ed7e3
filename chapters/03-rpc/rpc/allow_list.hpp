/// @file
/// The allow-list: which clients may connect to a server, and by which name each is known there.
///
///     # analysts                                            clients.allow
///     Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID  ada
///     rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7  grace
///
/// A line is empty, begins with `#`, or has a public key and a name.  Several keys may have one name: this is how somebody
/// goes over from an old key to a new one.
///
/// Laws
///  1. A list is taken over as a whole or not at all: a file with a mistake leaves the list as it was.
///  2. Who is not in the list may not connect.
///
/// Copies are the same list.  Call from any goroutine of one run().
/// Source: sshd(8), "AUTHORIZED_KEYS FILE FORMAT".
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "common/result.hpp"

namespace conclave::rpc {

/// Who may connect.
class AllowList {
 public:
  static constexpr std::size_t kClientsMax = 100'000;  ///< how many keys a file may list
  static constexpr std::size_t kNameMax = 64;          ///< how long a name may be

  /// None, which is not the same as an empty one.
  AllowList() = default;

  /// Reads a file.  Blocks the thread meanwhile.
  /// @return the list; invalid_argument for a mistake, with file and line; failed_precondition when others than the
  ///   file's owner may write it; not_found without it; permission_denied when we may not read it
  static Result<AllowList> load(const std::string& path);

  /// Reads the file again, for all copies.  Blocks the thread meanwhile.  A file that somebody is writing may be read half: to
  /// change it, write another and rename(2) it.
  /// @return as load(); after an error the list is as it was
  /// @pre it is one
  Status reload();

  /// The name of whoever has the public key `key`; nothing when it is not listed.
  /// @pre it is one
  [[nodiscard]] std::optional<std::string> name_of(const std::string& key) const;

  /// How many keys are listed.
  /// @pre it is one
  [[nodiscard]] std::size_t size() const;

  /// Whether it is one.
  [[nodiscard]] explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace conclave::rpc
