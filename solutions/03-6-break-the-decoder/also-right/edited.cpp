// What the encoder makes, edited: each frame is a good one with a few bytes of it exchanged.
#include <chrono>
#include <cstddef>

#include "frames.hpp"
#include "rpc/wire.hpp"

namespace conclave {
namespace {

using namespace std::chrono_literals;

/// A request with one name in its metadata, as this chapter packs it.
std::string packed() {
  const rpc::wire::Request request{
      .method = "Counter.Add", .remaining = 5us, .metadata = {{"user", "ada"}}};
  return rpc::wire::pack({.call = 1, .content = request}).front();
}

/// The same with `old_part` exchanged for another, where it is last.
std::string with(std::string_view old_part, std::string_view new_part) {
  std::string header = packed();
  return header.replace(header.rfind(old_part), old_part.size(), new_part);
}

}  // namespace

std::vector<Frame> frames() {
  std::string twice = with(bytes("81 a4'user'"), bytes("82 a4'user'"));
  twice += bytes("a4'user' a3'eve'");
  std::string with_one_more = packed() + bytes("01");
  with_one_more[0] = '\x9a';
  std::string deep = packed() + std::string(100, '\x91') + '\x01';
  deep[0] = '\x9a';
  std::string of_another_version = packed();
  of_another_version[4] = '\x7f';
  return {
      {"unchanged", packed(), Verdict::read},
      {"a name promises 64 MiB", with(bytes("a4'user'"), bytes("db 04 00 00 00 'user'")),
       Verdict::too_short},
      {"a tail", packed() + "\n", Verdict::too_much},
      {"a hundred deep", deep, Verdict::too_deep},
      {"one more", with_one_more, Verdict::read},
      {"another version", of_another_version, Verdict::version},
      {"twice", twice, Verdict::name_twice},
  };
}

}  // namespace conclave
