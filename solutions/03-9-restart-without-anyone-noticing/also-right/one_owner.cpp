// serve() alone owns all that changes: messages, ends of executions and the wish to end come to it through channels.
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "goroutines/goroutines.hpp"
#include "worker.hpp"

namespace conclave {

namespace wire = rpc::wire;

struct Worker::State {
  rpc::Transport& transport;
  std::map<std::string, std::pair<Waits, Handler>> methods{};
  Chan<Context> wishes = make_chan<Context>(1);
  Chan<Status> ends = make_chan<Status>(1);

  void say(const rpc::Peer& to, const wire::Message& message) {
    static_cast<void>(transport.send(to, wire::pack(message), {}));
  }
};

Worker::Worker(rpc::Transport& transport) : state_(new State{transport}) {}

Worker::~Worker() = default;

void Worker::handle(const std::string& method, Waits waits, Handler handler) {
  state_->methods[method] = {waits, std::move(handler)};
}

void Worker::serve() {
  State& own = *state_;
  const auto [until_the_end, stop_receiving] = with_cancel({});
  const auto [while_handling, stop_handling] = with_cancel({});
  const Chan<rpc::Received> inbox = make_chan<rpc::Received>(16);
  const Chan<Signal> finished = make_chan<Signal>();
  WaitGroup others;
  others.go([&own, inbox, context = until_the_end] {
    while (Result<rpc::Received> received = own.transport.recv(context))
      inbox.send(*std::move(received));
    inbox.close();
  });

  std::set<rpc::Peer> known;
  std::optional<Context> grace;
  bool is_open = true;
  bool was_cut = false;
  int executing = 0;
  while (is_open ? !grace || executing > 0 : executing > 0) {
    std::optional<rpc::Received> received;
    std::optional<Context> wish;
    const bool may_cut = grace && !was_cut;
    const int happened =
        select(recv(is_open ? inbox : Chan<rpc::Received>(), received), recv(finished),
               recv(own.wishes, wish), recv(may_cut ? grace->done() : Context().done()));
    if (happened == 1) --executing;
    if (happened == 2) {
      grace = wish;
      for (const rpc::Peer& peer : known) own.say(peer, {.content = wire::GoAway{}});
    }
    if (happened == 3) {
      was_cut = true;
      stop_handling();
    }
    if (happened != 0) continue;
    if (!received) {  // the transport was closed
      is_open = false;
      stop_handling();
      continue;
    }

    const rpc::Peer from = received->from;
    const wire::Message message = wire::unpack(std::move(received->message));
    known.insert(from);
    if (std::holds_alternative<wire::Ping>(message.content))
      own.say(from, {.call = message.call, .content = wire::Pong{!grace}});
    const auto* request = std::get_if<wire::Request>(&message.content);
    if (request == nullptr) continue;
    const auto method = own.methods.find(request->method);
    if (grace || method == own.methods.end()) {
      const Status why = grace ? Status::unavailable("going") : Status::unimplemented("what?");
      own.say(from,
              {.call = message.call, .content = wire::Reply{request->attempt, why.not_executed()}});
      continue;
    }
    ++executing;
    others.go([&own, from, message, finished, context = while_handling,
               &waits = method->second.first, &handler = method->second.second] {
      const auto& asked = std::get<wire::Request>(message.content);
      const auto [of_caller, cancel] = with_timeout(context, asked.remaining);
      std::string answer = waits == Waits::as_a_thread
                               ? blocking([&] { return handler(message.body, {}); })
                               : handler(message.body, of_caller);
      own.say(from, {.call = message.call,
                     .content = wire::Reply{.attempt = asked.attempt},
                     .body = std::move(answer)});
      finished.send({});
    });
  }
  stop_receiving();
  while (inbox.recv()) {
  }
  others.wait();
  if (grace) own.ends.send(was_cut ? Status::resource_exhausted("some were cut") : Status());
}

Status Worker::shutdown(const Context& grace) {
  state_->wishes.send(grace);
  return *state_->ends.recv();
}

}  // namespace conclave
