// The decoder, for libFuzzer: any bytes as the header of a message, and as the value of a body.
//
// `make fuzz` searches for bytes that break a law below, and adds what took a new way through the decoder to the corpus in
// corpus/found.  The tests feed the whole corpus to the same function (corpus_test.cpp), so it is compiled with them, too.
//
// Laws, of any bytes; whoever breaks one ends the program
//  1. unpack() and decode() return.
//  2. What can be read is the same after it was written and read again.
//  3. What cannot be read says why, and how it can be known: a body by invalid_argument.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "common/assert.hpp"
#include "rpc/codec.hpp"
#include "rpc/sessions.hpp"
#include "rpc/wire.hpp"
#include "values.hpp"

namespace conclave::rpc {
namespace {

template <class T>
void read_value(std::string_view bytes) {
  const Result<T> value = decode<T>(bytes);
  if (!value.ok()) {
    ensure(value.status().code() == Code::invalid_argument, "law 3 holds ({})", value.status());
    return;
  }
  const std::string written = encode(*value);
  const Result<T> again = decode<T>(written);
  ensure(again.ok(), "what was written can be read ({})", again.status());
  ensure(encode(*again) == written, "what was written is read as it was");
}

void read_message(std::string_view header, std::string_view body) {
  const wire::Message message = wire::unpack({std::string(header), std::string(body)});
  if (const auto* unreadable = std::get_if<wire::Unreadable>(&message.content)) {
    ensure(!unreadable->why.ok(), "law 3 holds");
    return;
  }
  const wire::Message written = wire::unpack(wire::pack(message));
  ensure(written.call == message.call, "a message is about the same call");
  ensure(written.content.index() == message.content.index(), "a message is of the same kind");
  ensure(written.body == message.body, "a message has the same body");
  // A long text of an error is shortened, once.
  ensure(wire::unpack(wire::pack(written)) == written, "a message is the same again");
  const auto* request = std::get_if<wire::Request>(&message.content);
  ensure(request == nullptr || written == message, "a request is the same");
}

}  // namespace
}  // namespace conclave::rpc

// NOLINTNEXTLINE(readability-identifier-naming): the name is libFuzzer's
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace conclave::rpc;  // NOLINT(google-build-using-namespace)
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_message(bytes, "body");
  read_value<Everything>(bytes);
  read_value<SessionsRecord>(bytes);
  read_value<OneText>(bytes);
  read_value<Empty>(bytes);
  return 0;
}
