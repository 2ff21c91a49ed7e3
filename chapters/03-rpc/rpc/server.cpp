#include "rpc/server.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "channels/chan.hpp"
#include "channels/select.hpp"
#include "channels/timer.hpp"
#include "common/assert.hpp"
#include "goroutines/clock.hpp"
#include "goroutines/goroutine_group.hpp"
#include "goroutines/panic.hpp"
#include "goroutines/parking.hpp"
#include "rpc/health.hpp"
#include "rpc/kept_answer.hpp"
#include "rpc/metrics.hpp"
#include "rpc/outbox.hpp"
#include "rpc/saving.hpp"
#include "rpc/services.hpp"

namespace conclave::rpc {

namespace {

Status shuts_down() {
  return Status::unavailable("the server shuts down", "call another one, or again in a while")
      .not_executed();
}

}  // namespace

class Server::State {
 public:
  State(Transport& transport, ServerOptions options)
      : transport_(transport),
        options_(std::move(options)),
        sessions_(options_.sessions),
        health_(options_.running_max),
        outbox_(transport),
        loop_(with_cancel({})) {
    if (!options_.log)
      options_.log = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  }

  void handle(std::string name, detail::BytesHandler handler, std::source_location place,
              bool takes_place) {
    if (!is_method_name(name)) {
      panic(
          fmt::format("Server: \"{}\" is no name of a method: want letters, digits, _ and .", name),
          place);
    }
    const auto [found, is_new] =
        methods_.try_emplace(name, Method{name, std::move(handler), place, takes_place});
    if (is_new) return;
    panic(fmt::format("Server: {} has a handler already, from {}:{}", name,
                      found->second.place.file_name(), found->second.place.line()),
          place);
  }

  Status serve() {
    const Context context = loop_.context;
    for (;;) {
      Result<Received> received = transport_.recv(context);
      if (!context.status().ok()) return {};  // and the server may be gone
      if (!received.ok()) return received.status();
      take(*std::move(received));
    }
  }

  Status shutdown(const Context& grace) {
    health_.drain(shuts_down());
    for (const Peer& peer : peers_) send(peer, {.content = wire::GoAway{}});

    const Chan<Signal> idle = when_idle();
    select(recv(idle), recv(grace.done()));
    const std::size_t cancelled = calls_.size();
    if (cancelled != 0) {
      drop_waiting([](const Call&) { return true; }, shuts_down());
      for (const auto& [key, call] : calls_) call->cancel(shuts_down());
      constexpr auto kLastWords = std::chrono::milliseconds(100);
      select(recv(idle), recv(after(kLastWords)));
    }
    outbox_.flush();
    loop_.cancel();
    group_.end();
    forget_calls();
    if (cancelled == 0) return {};
    return Status::resource_exhausted(
        fmt::format("{} calls did not end within the grace, and were cancelled", cancelled),
        "give more time, or let handlers watch their context");
  }

  void save_before_answering(std::function<Status()> save) { saving_.set(std::move(save)); }
  [[nodiscard]] const Sessions& sessions() const { return sessions_; }

  [[nodiscard]] ServerCounters counters() const {
    ServerCounters counters = counters_;
    counters.replies_lost = outbox_.lost();
    return counters;
  }

  void restore(const SessionsRecord& record) {
    sessions_ = Sessions(options_.sessions, record);
    for (const SessionRecord& session : record.sessions) used_[session.session] = now();
  }

  void set_serving(const std::string& service, bool is_serving) {
    health_.set(service, is_serving);
  }

  [[nodiscard]] std::string metrics() const {
    return metrics_.text("conclave_server") + text(counters(), calls_.size());
  }

  void add_services();

 private:
  struct Method {
    std::string name;
    detail::BytesHandler handler;
    std::source_location place;
    bool takes_place;  // counts for running_max
  };

  /// A call that runs or waits.
  struct Call {
    Peer from;  // where its answer goes: to whoever has asked last
    std::uint64_t number;
    std::uint32_t attempt;
    const Method* method;
    std::optional<RequestId> once;
    std::string body;  // until the handler has it
    std::size_t bytes;
    Context context;
    Cancel cancel;
    TimePoint came;
    bool is_cancelled = false;  // by its caller
  };
  using CallPtr = std::shared_ptr<Call>;
  using Key = std::pair<std::uint64_t, Peer>;  // the number first: it is compared faster
  using OnceKey = std::pair<std::uint64_t, std::uint64_t>;  // session, sequence

  static OnceKey key_of(const RequestId& id) { return {id.session, id.sequence}; }

  // What has come.

  void take(Received received) {
    wire::Message message = wire::unpack(std::move(received.message));
    if (auto* request = std::get_if<wire::Request>(&message.content)) {
      ++counters_.requests;
      request_came(received, message.call, *request, std::move(message.body));
    } else if (std::holds_alternative<wire::Cancel>(message.content)) {
      cancel(received.from, message.call);
    } else if (std::holds_alternative<wire::Ping>(message.content)) {
      ++counters_.pings;
      send(received.from, {.call = message.call, .content = wire::Pong{!health_.is_draining()}});
    } else {
      ++counters_.unreadable;
      const auto* unreadable = std::get_if<wire::Unreadable>(&message.content);
      if (unreadable != nullptr && message.call != 0)
        reply(received.from, message.call, 1, unreadable->why.not_executed());
    }
  }

  void request_came(const Received& received, std::uint64_t number, wire::Request& request,
                    std::string body) {
    if (peers_.size() < kPeersMax) peers_.insert(received.from);
    const auto refuse = [&](const Status& why) {
      reply(received.from, number, request.attempt, why.not_executed());
    };
    const CallPtr known = find(received.from, number, request.once);
    const CallPtr namesake = request.once ? find(received.from, number, {}) : known;
    if (namesake && namesake != known) {
      refuse(Status::invalid_argument(fmt::format("call {} is another, and under way", number),
                                      "give each call a number of its own"));
      return;
    }
    if (known) {
      repeat(known, received.from, number, request.attempt);
      return;
    }
    const auto method = methods_.find(request.method);
    if (method == methods_.end()) {
      refuse(Status::unimplemented(fmt::format("there is no method {}", request.method),
                                   "Meta.Methods lists those that there are"));
      return;
    }
    if (body.size() > options_.body_bytes_max) {
      refuse(Status::invalid_argument(
          fmt::format("the request of {} has {} bytes, and may have {}", request.method,
                      body.size(), options_.body_bytes_max),
          "send less at a time"));
      return;
    }
    if (request.remaining <= std::chrono::microseconds(0)) {
      ++counters_.expired;
      refuse(Status::deadline_exceeded("the caller's time was up before the request came"));
      return;
    }
    if (request.once && !begin_once(received.from, number, request)) return;
    // What is remembered was no new call.
    if (health_.is_draining() && method->second.takes_place) {
      ++counters_.refused;
      if (request.once) sessions_.release(*request.once);
      refuse(shuts_down());
      return;
    }
    admit(make_call(received, number, request, method->second, std::move(body)));
  }

  /// Whether it is to be executed; else it is answered.
  bool begin_once(const Peer& from, std::uint64_t number, const wire::Request& request) {
    if (const auto used = used_.find(request.once->session); used != used_.end())
      used->second = now();
    Decision decision = sessions_.begin(*request.once);
    if (decision.kind == Decision::Kind::refuse && sessions_.is_full()) {
      close_idle_sessions();
      decision = sessions_.begin(*request.once);
    }
    switch (decision.kind) {
      case Decision::Kind::execute:
        return true;
      case Decision::Kind::wait:
        fail_assertion("a call that is being executed is known", std::source_location::current());
      case Decision::Kind::refuse:
        reply(from, number, request.attempt, decision.status.not_executed());
        return false;
      case Decision::Kind::answer:
        break;
    }
    if (saving_.is_done()) {
      ++counters_.answered_again;
      reply(from, number, request.attempt, unpack_answer(decision.answer));
    } else if (saving_again_ >= options_.running_max) {
      ++counters_.refused;
      reply(from, number, request.attempt,
            Status::unavailable(
                fmt::format("{} calls wait to be written down already", saving_again_)));
    } else {  // what could not be saved then may be now; the loop does not wait for it
      ++saving_again_;
      group_.go([this, from, number, attempt = request.attempt, bytes = decision.answer] {
        const Status saved = saving_.save();
        --saving_again_;
        if (saved.ok()) ++counters_.answered_again;
        reply(from, number, attempt, saved.ok() ? unpack_answer(bytes) : saved);
      });
    }
    return false;
  }

  CallPtr make_call(const Received& received, std::uint64_t number, wire::Request& request,
                    const Method& method, std::string body) {
    const std::size_t bytes = body.size();
    auto [context, cancel] = with_timeout({}, request.remaining);
    Context with_info = with_call_info(
        context,
        CallInfo{method.name, received.user, std::move(request.metadata), request.attempt});
    return std::make_shared<Call>(Call{.from = received.from,
                                       .number = number,
                                       .attempt = request.attempt,
                                       .method = &method,
                                       .once = request.once,
                                       .body = std::move(body),
                                       .bytes = bytes,
                                       .context = std::move(with_info),
                                       .cancel = std::move(cancel),
                                       .came = now()});
  }

  /// The call that this asks for once more, if it still runs or waits.
  CallPtr find(const Peer& from, std::uint64_t number, const std::optional<RequestId>& once) const {
    if (once) {
      const auto found = once_.find(key_of(*once));
      return found == once_.end() ? nullptr : found->second;
    }
    const auto found = calls_.find({number, from});
    return found == calls_.end() ? nullptr : found->second;
  }

  /// Whether a call of this session runs or waits.
  bool is_at_work(std::uint64_t session) const {
    const auto first = once_.lower_bound({session, 0});
    return first != once_.end() && first->first.first == session;
  }

  /// Its answer goes to whoever has asked last.
  void repeat(const CallPtr& call, const Peer& from, std::uint64_t number, std::uint32_t attempt) {
    ++counters_.repeated;
    calls_.erase({call->number, call->from});
    call->from = from;
    call->number = number;
    call->attempt = std::max(call->attempt, attempt);
    calls_[{number, from}] = call;
  }

  void cancel(const Peer& from, std::uint64_t number) {
    const auto found = calls_.find({number, from});
    if (found == calls_.end() || found->second->is_cancelled) {
      ++counters_.cancels_late;
      return;
    }
    const CallPtr call = found->second;
    call->is_cancelled = true;
    ++counters_.cancelled;
    call->cancel(Status::cancelled("the caller has cancelled"));
    drop_waiting([&](const Call& one) { return &one == call.get(); },
                 Status::cancelled("the caller has cancelled").not_executed());
  }

  // A place.

  void admit(const CallPtr& call) {
    const bool takes_place = call->method->takes_place;
    const auto may_wait = [&] {
      return waiting_.size() < options_.waiting_max && has_bytes_for(*call);
    };
    if (takes_place && !may_wait()) drop_expired();
    const bool may_start =
        !takes_place || (running_ < options_.running_max && has_bytes_for(*call));
    if (!may_start && !may_wait()) {
      refuse_for_want_of_room(*call);
      return;
    }
    keep(call);
    if (may_start) {
      start(call);
    } else {
      waiting_.push_back(call);
    }
  }

  /// Whether its request is not too much beside those that run or wait.
  bool has_bytes_for(const Call& call) const {
    return request_bytes_ == 0 || request_bytes_ + call.bytes <= options_.request_bytes_max;
  }

  void refuse_for_want_of_room(const Call& call) {
    ++counters_.refused;
    if (call.once) sessions_.release(*call.once);
    reply(call.from, call.number, call.attempt,
          Status::resource_exhausted(
              fmt::format("{} calls run and {} wait, with {} bytes, and no more may", running_,
                          waiting_.size(), request_bytes_),
              "call again in a while")
              .not_executed());
  }

  void keep(const CallPtr& call) {
    calls_[{call->number, call->from}] = call;
    if (call->method->takes_place) request_bytes_ += call->bytes;
    if (call->once) once_[key_of(*call->once)] = call;
  }

  void start(const CallPtr& call) {
    ++counters_.executed;
    if (call->method->takes_place) ++running_;
    group_.go(Name(call->method->name), [this, call] {
      finish(call, run(*call));
      if (!call->method->takes_place) return;
      --running_;
      start_waiting();
    });
  }

  void start_waiting() {
    while (running_ < options_.running_max && !waiting_.empty()) {
      const CallPtr call = waiting_.front();
      waiting_.pop_front();
      if (const Status status = call->context.status(); !status.ok()) {
        ++counters_.expired;
        finish(call, status.not_executed());
      } else {
        start(call);
      }
    }
  }

  void drop_expired() {
    const std::size_t before = waiting_.size();
    drop_waiting(
        [](const Call& call) { return !call.context.status().ok(); },
        Status::deadline_exceeded("the caller's time was up while the call waited").not_executed());
    counters_.expired += before - waiting_.size();
  }

  template <class Predicate>
  void drop_waiting(Predicate is_dropped, const Status& why) {
    std::vector<CallPtr> dropped;
    std::erase_if(waiting_, [&](const CallPtr& call) {
      if (!is_dropped(*call)) return false;
      dropped.push_back(call);
      return true;
    });
    for (const CallPtr& call : dropped) finish(call, why);
  }

  // Its end.

  Result<std::string> run(Call& call) {
    const auto failed = [&](std::string_view what) {
      options_.log(
          fmt::format("{} {}: the handler threw: {}", call.method->name, call.number, what));
      return Status::internal(fmt::format("the handler of {} failed", call.method->name),
                              "the server's log says why");
    };
    try {
      Result<std::string> answer = call.method->handler(std::move(call.body), call.context);
      if (!answer.ok() || answer->size() <= options_.body_bytes_max) return answer;
      return Status::invalid_argument(
          fmt::format("the reply of {} has {} bytes, and may have {}", call.method->name,
                      answer->size(), options_.body_bytes_max),
          "ask for less at a time");
    } catch (const std::exception& error) {
      return failed(error.what());
    } catch (...) {
      if (conclave::detail::unwinding()) throw;
      return failed("something that is no std::exception");
    }
  }

  void finish(const CallPtr& call, Result<std::string> answer) {
    answer = keep_answer(*call, std::move(answer));
    calls_.erase({call->number, call->from});
    if (call->method->takes_place) request_bytes_ -= call->bytes;
    if (call->once) once_.erase(key_of(*call->once));
    metrics_.record(call->method->name, answer.status().code(), now() - call->came);
    if (!call->is_cancelled) reply(call->from, call->number, call->attempt, std::move(answer));
    say_if_idle();
  }

  /// A channel that is closed when the last call has ended.
  Chan<Signal> when_idle() {
    if (!idle_) idle_ = make_chan<Signal>();
    Chan<Signal> idle = *idle_;
    say_if_idle();
    return idle;
  }

  void say_if_idle() {
    if (calls_.empty() && idle_) std::exchange(idle_, std::nullopt)->close();
  }

  /// After their goroutines were unwound.
  void forget_calls() {
    waiting_.clear();
    once_.clear();
    calls_.clear();
    running_ = request_bytes_ = 0;
    say_if_idle();
  }

  /// Law 4.  What the handler has changed and what it has answered are written down together, before anybody hears of it.
  Result<std::string> keep_answer(const Call& call, Result<std::string> answer) {
    // Without an effect, that code is the server's own word: the session is not open.
    if (call.once && answer.status().code() == Code::failed_precondition)
      answer = answer.status().perhaps_executed();
    if (!answer.status().maybe_executed()) {
      if (call.once) sessions_.release(*call.once);
      return answer;
    }
    if (call.once) sessions_.complete(*call.once, pack_answer(answer));
    if (!call.method->takes_place) return answer;
    saving_.changed();
    if (Status status = saving_.save(); !status.ok()) return status;
    return answer;
  }

  void reply(const Peer& to, std::uint64_t number, std::uint32_t attempt,
             Result<std::string> answer) {
    const Status status = answer.status();
    send(to, {.call = number,
              .content = wire::Reply{attempt, status},
              .body = status.ok() ? *std::move(answer) : std::string()});
  }

  /// Does not block, as those who call it rely on.
  void send(const Peer& to, wire::Message message) {
    outbox_.post(to, wire::pack(std::move(message)));
  }

  void close_idle_sessions();
  Result<Nothing> open_session(const Session& request);
  Result<Nothing> close_session(const Session& request);

  static constexpr std::size_t kPeersMax = 16 * 1024;  // who else is there learns by being refused

  Transport& transport_;
  ServerOptions options_;
  std::map<std::string, Method, std::less<>> methods_;

  Sessions sessions_;
  std::map<std::uint64_t, TimePoint> used_;  // when each session that is open was used last
  Saving saving_;
  std::size_t saving_again_ = 0;  // repetitions that wait for it

  std::set<Peer> peers_;  // who has sent a request
  std::map<Key, CallPtr> calls_;
  std::map<OnceKey, CallPtr> once_;  // those of calls_ that take effect once
  std::deque<CallPtr> waiting_;      // those of calls_ that have no place yet
  std::size_t running_ = 0;
  std::size_t request_bytes_ = 0;  // of those of calls_ that take a place

  std::optional<Chan<Signal>> idle_;  // closed when the last call ends

  HealthBoard health_;
  Outbox outbox_;
  Metrics metrics_;
  ServerCounters counters_;
  CancellableContext loop_;
  GoroutineGroup group_{"server"};  // last: its goroutines use all of the above
};

// The services that every server has.

void Server::State::close_idle_sessions() {
  const TimePoint idle_since = now() - options_.session_idle_max;
  std::erase_if(used_, [&](const auto& used) {
    const bool is_idle = used.second < idle_since && !is_at_work(used.first);
    if (is_idle) static_cast<void>(sessions_.close(used.first));
    return is_idle;
  });
}

/// A session that a client asks for again is the one that it has: the first answer was lost.
Result<Nothing> Server::State::open_session(const Session& request) {
  Status status = sessions_.open(request.session);
  if (status.code() == Code::resource_exhausted) {
    close_idle_sessions();
    status = sessions_.open(request.session);
  }
  if (!status.ok() && status.code() != Code::already_exists) return status.not_executed();
  used_[request.session] = now();
  return Nothing{};
}

Result<Nothing> Server::State::close_session(const Session& request) {
  used_.erase(request.session);
  static_cast<void>(sessions_.close(request.session));  // who has none has none then, too
  return Nothing{};
}

void Server::State::add_services() {
  const auto add = [this](const char* name, auto handler, bool takes_place) {
    handle(name, detail::bytes_handler(std::move(handler)), std::source_location::current(),
           takes_place);
  };
  add(
      "Session.Open",
      [this](const Session& request, const Context& /*context*/) { return open_session(request); },
      true);
  add(
      "Session.Close",
      [this](const Session& request, const Context& /*context*/) { return close_session(request); },
      true);
  add(
      "Health.Check",
      [this](const Service& request, const Context& /*context*/) -> Result<Health> {
        return health_.check(request.service);
      },
      false);
  add(
      "Health.Watch",
      [this](const HealthSeen& request, const Context& context) {
        return health_.watch(request, context);
      },
      false);
  add(
      "Meta.Methods",
      [this](const Nothing& /*request*/, const Context& /*context*/) -> Result<Methods> {
        Methods methods;
        for (const auto& [name, method] : methods_) methods.names.push_back(name);
        return methods;
      },
      false);
  add(
      "Meta.Metrics",
      [this](const Nothing& /*request*/, const Context& /*context*/) -> Result<Text> {
        return Text{metrics()};
      },
      false);
}

Server::Server(Transport& transport, ServerOptions options)
    : state_(std::make_unique<State>(transport, std::move(options))) {
  state_->add_services();
}

Server::~Server() = default;

void Server::handle_bytes(std::string method, detail::BytesHandler handler,
                          std::source_location place) {
  state_->handle(std::move(method), std::move(handler), place, true);
}

Status Server::serve() { return state_->serve(); }

Status Server::shutdown(const Context& grace) { return state_->shutdown(grace); }

void Server::save_before_answering(std::function<Status()> save) {
  state_->save_before_answering(std::move(save));
}

const Sessions& Server::sessions() const { return state_->sessions(); }

void Server::restore(const SessionsRecord& record) { state_->restore(record); }

void Server::set_serving(const std::string& service, bool is_serving) {
  state_->set_serving(service, is_serving);
}

ServerCounters Server::counters() const { return state_->counters(); }

std::string Server::metrics() const { return state_->metrics(); }

}  // namespace conclave::rpc
