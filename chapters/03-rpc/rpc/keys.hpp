/// @file
/// Keys: by what a process proves who it is, and how it keeps that to itself.
///
/// Who has a secret key can prove it without showing it; the public key that belongs to it is what others know, and no
/// secret.  Each key is 32 bytes, written as 40 characters of Z85.  A file holds one, in a line of two words:
///
///     secret-key rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7     ada.key, mode 0600
///     public-key Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID     ada.key.pub
///
/// Laws
///  1. A secret key is loaded only from a file that nobody but its owner may read or write.
///  2. No file is ever overwritten: who loses a secret key is somebody else from then on.
///  3. No message shows a secret key.
///
/// Call from anywhere.  What reads or writes a file blocks the thread meanwhile.
/// Source: ZeroMQ RFC 26 (CurveZMQ), §"Keys"; RFC 32 (Z85); zmq_curve_keypair(3).
#pragma once

#include <string>
#include <string_view>

#include "common/result.hpp"

namespace conclave::rpc {

/// By what others know somebody.
class PublicKey {
 public:
  /// None.
  PublicKey() = default;

  /// Reads 40 characters of Z85.
  /// @return the key; invalid_argument when they are none
  static Result<PublicKey> parse(std::string_view text);

  /// Reads a file that KeyPair::save() wrote.
  /// @return the key; not_found without the file; permission_denied when we may not read it; invalid_argument when it
  ///   holds something else
  static Result<PublicKey> load(const std::string& path);

  /// As 40 characters of Z85; empty for none.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// Whether it is one.
  [[nodiscard]] explicit operator bool() const noexcept { return !text_.empty(); }
  /// Whether both are the same.
  friend bool operator==(const PublicKey&, const PublicKey&) = default;

 private:
  friend class KeyPair;
  explicit PublicKey(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

/// A secret key, and the public key that belongs to it.
class KeyPair {
 public:
  /// None.
  KeyPair() = default;

  /// A new one, drawn from the operating system's randomness.
  /// @return the pair; unimplemented when ZeroMQ was built without CURVE
  static Result<KeyPair> generate();

  /// Reads the file of a secret key.
  /// @return the pair; failed_precondition when others may read or write the file; not_found without it;
  ///   permission_denied when we may not read it; invalid_argument when it holds something else
  static Result<KeyPair> load(const std::string& path);

  /// Writes the secret key to `path`, with mode 0600, and the public key to `path`.pub.
  /// @return already_exists when one of them is there; what the system says otherwise.  Then neither was written.
  /// @pre it is one
  [[nodiscard]] Status save(const std::string& path) const;

  /// The one to show.
  [[nodiscard]] const PublicKey& public_key() const noexcept { return public_key_; }
  /// The one to hide, as 40 characters of Z85; empty for none.
  [[nodiscard]] const std::string& secret_key() const noexcept { return secret_key_; }
  /// Whether it is a pair.
  [[nodiscard]] explicit operator bool() const noexcept { return !secret_key_.empty(); }

 private:
  PublicKey public_key_;
  std::string secret_key_;
};

}  // namespace conclave::rpc
