#include "rpc/keys.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <unistd.h>
#include <zmq.h>

#include <fmt/format.h>

#include "common/assert.hpp"
#include "rpc/guarded_file.hpp"

namespace conclave::rpc {

namespace {

constexpr std::size_t kCharacters = 40;
constexpr std::size_t kBytes = 32;
constexpr std::size_t kFileBytesMax = 1000;
constexpr std::string_view kSecret = "secret-key ";
constexpr std::string_view kPublic = "public-key ";
constexpr mode_t kOthers = 077;

using Text = std::array<char, kCharacters + 1>;  // with the zero at its end

bool is_z85(std::string_view text) {
  std::array<std::uint8_t, kBytes> bytes{};
  return text.size() == kCharacters &&
         zmq_z85_decode(bytes.data(), std::string(text).c_str()) != nullptr;
}

/// The key in a file of one line, "secret-key …".
std::optional<std::string> key_after(std::string_view word, std::string_view text) {
  if (!text.starts_with(word)) return std::nullopt;
  text.remove_prefix(word.size());
  if (text.ends_with('\n')) text.remove_suffix(1);
  return is_z85(text) ? std::optional<std::string>(text) : std::nullopt;
}

}  // namespace

Result<PublicKey> PublicKey::parse(std::string_view text) {
  if (text.size() != kCharacters) {
    return Status::invalid_argument(
        fmt::format("a public key has {} characters, and here are {}", kCharacters, text.size()));
  }
  if (!is_z85(text))
    return Status::invalid_argument("a public key is written in Z85, and this is not Z85");
  return PublicKey(std::string(text));
}

Result<PublicKey> PublicKey::load(const std::string& path) {
  Result<detail::GuardedFile> file = detail::read_file(path, kFileBytesMax);
  if (!file.ok()) return file.status();
  if (std::optional<std::string> key = key_after(kPublic, file->text))
    return PublicKey(*std::move(key));
  if (file->text.starts_with(kSecret)) {
    return Status::invalid_argument(
        fmt::format("{} holds a secret key, and a public one is wanted", path),
        fmt::format("take {}.pub", path));
  }
  return Status::invalid_argument(fmt::format("{} holds no public key", path),
                                  "want one line: public-key, a blank, 40 characters of Z85");
}

Result<KeyPair> KeyPair::generate() {
  Text public_key{};
  Text secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0)
    return Status::unimplemented("this ZeroMQ was built without CURVE");
  KeyPair pair;
  pair.public_key_ = PublicKey(public_key.data());
  pair.secret_key_ = secret_key.data();
  return pair;
}

Result<KeyPair> KeyPair::load(const std::string& path) {
  Result<detail::GuardedFile> file = detail::read_file(path, kFileBytesMax);
  if (!file.ok()) return file.status();
  std::optional<std::string> key = key_after(kSecret, file->text);
  if (!key) {
    if (file->text.starts_with(kPublic)) {
      return Status::invalid_argument(
          fmt::format("{} holds a public key, and a secret one is wanted", path));
    }
    return Status::invalid_argument(fmt::format("{} holds no secret key", path),
                                    "want one line: secret-key, a blank, 40 characters of Z85");
  }
  if ((file->mode & kOthers) != 0) {
    return Status::failed_precondition(
        fmt::format("{} has mode {:04o}: others than its owner may use the secret key", path,
                    file->mode),
        fmt::format("chmod 600 {}, and make a new key if somebody may have read it", path));
  }
  Text public_key{};
  if (zmq_curve_public(public_key.data(), key->c_str()) != 0)
    return Status::unimplemented("this ZeroMQ was built without CURVE");
  KeyPair pair;
  pair.public_key_ = PublicKey(public_key.data());
  pair.secret_key_ = *std::move(key);
  return pair;
}

Status KeyPair::save(const std::string& path) const {
  ensure(!secret_key_.empty(), "a key pair that is saved has a secret key");
  Status status = detail::create_file(path, fmt::format("{}{}\n", kSecret, secret_key_), 0600);
  if (!status.ok()) return status;
  status =
      detail::create_file(path + ".pub", fmt::format("{}{}\n", kPublic, public_key_.text()), 0644);
  if (!status.ok()) ::unlink(path.c_str());
  return status;
}

}  // namespace conclave::rpc
