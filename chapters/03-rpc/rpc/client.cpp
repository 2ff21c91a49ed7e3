#include "rpc/client.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "channels/chan.hpp"
#include "channels/select.hpp"
#include "channels/timer.hpp"
#include "goroutines/clock.hpp"
#include "goroutines/goroutine_group.hpp"
#include "goroutines/panic.hpp"
#include "rpc/call_info.hpp"
#include "rpc/outbox.hpp"
#include "rpc/services.hpp"

namespace conclave::rpc {

namespace {

constexpr const char* kTraceParent = "traceparent";

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

/// Whoever called our caller has chosen how long it is: no reason for this call to fail.
void add_if_it_fits(const Metadata::value_type& entry, Metadata& metadata) {
  const auto [added, is_new] = metadata.insert(entry);
  if (is_new && !check(metadata).ok()) metadata.erase(added);
}

Status with_effect(const Status& status, bool maybe_executed) {
  return maybe_executed ? status.perhaps_executed() : status.not_executed();
}

}  // namespace

class Client::State : public std::enable_shared_from_this<Client::State> {
 public:
  State(Transport& transport, const std::vector<std::string>& addresses, ClientOptions options)
      : transport_(transport),
        options_(options),
        random_(options.seed),
        budget_(options.retry),
        outbox_(transport),
        reading_(with_cancel({})) {
    if (addresses.empty()) panic("Client: there is no address to call");
    if (options.ping_every <= Duration{}) panic("Client: ping_every is not above zero");
    for (const std::string& address : addresses) {
      const Result<Peer> peer = transport_.connect(address);
      auto& server = *servers_.emplace_back(std::make_unique<ServerAt>());
      server.address = address;
      if (peer.ok()) {
        server.peer = *peer;
      } else {
        server.error = peer.status();
      }
      group_.go(Name("pulse of " + address), [this, &server] { feel_pulse(server); });
    }
    next_number_ =
        random_() | 1;  // after a restart, other numbers: no late answer is taken for one of ours
    group_.go(Name("reader"), [this] { read(); });
  }

  Result<std::string> call(std::string_view method, std::string_view body, const Context& parent,
                           const CallOptions& options) {
    if (Status status = check(method, body, options); !status.ok()) return status.not_executed();
    if (is_closed_) return closed().not_executed();
    ++counters_.calls;
    const auto [context, cancel] = with_timeout(parent, options.timeout);
    Work work{.method = std::string(method),
              .body = body,
              .context = context,
              .cancel = cancel,
              .repeat = options.repeat,
              .metadata = options.metadata};
    if (const CallInfo* info = call_info(parent)) {
      const auto trace = info->metadata.find(kTraceParent);
      if (trace != info->metadata.end()) add_if_it_fits(*trace, work.metadata);
    }
    return options.repeat == Repeat::once ? perform_once(work) : perform(work, nullptr, {});
  }

  void finish(const Context& context) {
    for (const auto& server : servers_) {
      const std::shared_ptr<ClientSession> session = std::exchange(server->session, nullptr);
      if (!session) continue;
      const auto [until, cancel] = with_timeout(context, CallOptions().timeout);
      const std::string body = encode(Session{session->number});
      Work work{.method = "Session.Close",
                .body = body,
                .context = until,
                .cancel = cancel,
                .repeat = Repeat::idempotent};
      static_cast<void>(perform(work, server.get(), {}));
    }
    close();
  }

  void close() {
    if (std::exchange(is_closed_, true)) return;
    reading_.cancel();
    for (const auto& [number, pending] : pending_) pending->work.cancel(closed());
  }

  [[nodiscard]] ClientCounters counters() const { return counters_; }

 private:
  /// The client's side of a session at one server.
  struct ClientSession {
    std::uint64_t number = 0;
    std::uint64_t next_sequence = 1;
    std::set<std::uint64_t> unfinished{};
  };

  /// Which of a session's requests a call is.
  struct Once {
    const ClientSession& session;
    std::uint64_t sequence;
  };

  struct ServerAt {
    std::string address;
    Peer peer;
    Status error{};                      // why it cannot be called; ok: it can
    TimePoint avoid_until{};             // it did not answer, or goes away
    TimePoint heard = TimePoint::min();  // when the last message came
    TimePoint busy_since{};              // when `waiting` was 0 last
    std::size_t waiting = 0;             // calls that wait for an answer from it
    Chan<Signal> is_waited_for = make_chan<Signal>(1);
    std::shared_ptr<ClientSession> session{};  // null: none is open
    std::optional<Chan<Signal>> opening{};     // closed when whoever opens one has ended
  };

  /// A call, as it is to be made.
  struct Work {
    std::string method;
    std::string_view body;  // whoever calls has it
    const Context& context;
    const Cancel& cancel;
    Repeat repeat;
    Metadata metadata{};
  };

  /// A call under way; lives on its goroutine's stack.
  struct Pending {
    const Work& work;
    std::uint64_t number;
    std::uint32_t attempt = 0;
    ServerAt* at = nullptr;           // who has to answer now; null: nobody
    ServerAt* asked = nullptr;        // to whom the last attempt was sent; null: to nobody
    bool is_at_work = false;          // whether that one lives, and did not answer in time
    bool is_pausing = false;          // before the next attempt
    bool maybe_executed = false;      // by any attempt so far
    std::optional<Status> outcome{};  // of the last attempt
    std::string body{};               // of an outcome that is ok
    Chan<Signal> woken = make_chan<Signal>(1);
  };

  static Status closed() { return Status::cancelled("the client is closed"); }

  Status check(std::string_view method, std::string_view body, const CallOptions& options) const {
    if (!is_method_name(method)) {
      return Status::invalid_argument(fmt::format("\"{}\" is no name of a method", method),
                                      "want 1 to 128 letters, digits, '_' and '.'");
    }
    if (body.size() > options_.body_bytes_max) {
      return Status::invalid_argument(fmt::format("the request of {} has {} bytes, and may have {}",
                                                  method, body.size(), options_.body_bytes_max),
                                      "send less at a time");
    }
    return rpc::check(options.metadata);
  }

  // A call.

  /// Law 5.
  Result<std::string> perform_once(Work& work) {
    for (bool is_again = false;; is_again = true) {
      ServerAt& server = choose();
      const Result<std::shared_ptr<ClientSession>> opened = open(server, work);
      if (!opened.ok()) return opened.status().not_executed();
      const std::shared_ptr<ClientSession>& session = *opened;
      const std::uint64_t sequence = session->next_sequence++;
      session->unfinished.insert(sequence);
      struct Finished {  // also when the goroutine is unwound
        std::set<std::uint64_t>& unfinished;
        std::uint64_t sequence;
        ~Finished() { unfinished.erase(sequence); }
      } const finished{session->unfinished, sequence};

      Result<std::string> answer = perform(work, &server, Once{*session, sequence});
      const Status status = answer.status();
      const bool is_forgotten =
          status.code() == Code::failed_precondition && !status.maybe_executed();
      if (!is_forgotten || is_again) return answer;
      // The server has forgotten the session: it was idle, or the server has started anew.  The call had no effect.
      if (server.session == session) server.session = nullptr;
    }
  }

  /// The session at this server; opens one if there is none.
  Result<std::shared_ptr<ClientSession>> open(ServerAt& server, const Work& work) {
    while (!server.session && server.opening) {
      const Chan<Signal> ended = *server.opening;
      select(recv(ended), recv(work.context.done()));
      if (Status status = work.context.cause(); !status.ok()) return status;
    }
    if (server.session) return server.session;
    server.opening = make_chan<Signal>();
    struct Opening {  // ends also when the goroutine is unwound
      ServerAt& server;
      ~Opening() { std::exchange(server.opening, std::nullopt)->close(); }
    } const opening_it{server};

    const auto session = std::make_shared<ClientSession>(ClientSession{.number = random_()});
    const std::string body = encode(Session{session->number});
    const Work opening{.method = "Session.Open",
                       .body = body,
                       .context = work.context,
                       .cancel = work.cancel,
                       .repeat = Repeat::idempotent};
    if (const Result<std::string> opened = perform(opening, &server, {}); !opened.ok())
      return opened.status();
    server.session = session;
    return session;
  }

  /// Makes attempts until one is final.
  /// @param fixed   the server that must be called; null: whichever is well
  Result<std::string> perform(const Work& work, ServerAt* fixed, const std::optional<Once>& once) {
    Pending pending{.work = work, .number = next_number_++};
    const Registered registered(*this, pending);
    for (;;) {
      if (is_closed_) return with_effect(closed(), pending.maybe_executed);
      ++pending.attempt;
      ServerAt& server = fixed != nullptr ? *fixed : choose();
      Status status = attempt(pending, server, once);
      if (status.ok()) {
        budget_.give_back();
        return std::move(pending.body);
      }
      pending.maybe_executed |= status.maybe_executed();
      status = with_effect(status, pending.maybe_executed);
      if (!work.context.status().ok()) return give_up(pending, status);
      if (status.code() == Code::unavailable && !pending.is_at_work) avoid(server);
      if (!may_retry(status, pending.maybe_executed, work.repeat)) return status;
      const bool is_in_budget = budget_.take();
      if (static_cast<int>(pending.attempt) >= options_.retry.attempts_max)
        return after_attempts(pending, status, "that is all that the policy allows");
      if (!is_in_budget) {
        ++counters_.over_budget;
        return after_attempts(pending, status, "no more: too many calls fail at the moment");
      }
      if (pause(pending)) return std::move(pending.body);
      if (!work.context.status().ok()) return give_up(pending, work.context.status());
      ++counters_.retries;
    }
  }

  /// One attempt: sends the request, and waits for an answer.
  Status attempt(Pending& pending, ServerAt& server, const std::optional<Once>& once) {
    if (!server.error.ok()) return server.error.not_executed();
    const Work& work = pending.work;
    const TimePoint began = now();
    pending.outcome.reset();
    pending.is_at_work = false;
    static_cast<void>(pending.woken.try_recv());

    if (!work.context.status().ok()) return ended(work, "nothing was sent").not_executed();
    Frames frames = wire::pack(request(pending, once));
    Status sent = outbox_.send(server.peer, frames, work.context);
    // Who may not send it again has nothing to gain from waiting less for an answer.
    std::optional<CancellableContext> limited;
    if (sent.code() == Code::resource_exhausted || work.repeat != Repeat::never)
      limited = with_timeout(work.context, options_.attempt_timeout);
    if (sent.code() == Code::resource_exhausted && work.context.status().ok())
      sent = transport_.send(server.peer, std::move(frames), limited->context);
    if (!sent.ok()) {
      if (pending.outcome)
        return *pending.outcome;  // the answer to an earlier attempt came meanwhile
      if (!work.context.status().ok())
        return ended(work, "nobody is at " + server.address).not_executed();
      if (!limited || limited->context.status().ok()) return sent.not_executed();
      return Status::unavailable(fmt::format("nobody is at {} (waited {} s)", server.address,
                                             seconds(options_.attempt_timeout)))
          .not_executed();
    }
    ++counters_.attempts;
    const Waiting waiting(pending, server);
    const Context& until = work.repeat == Repeat::never ? work.context : limited->context;
    select(recv(pending.woken), recv(until.done()));
    if (pending.outcome) return *pending.outcome;
    if (!work.context.status().ok()) return ended(work, server.address + " has not answered");
    pending.is_at_work = server.heard >= began;
    if (pending.is_at_work) {  // the same one again, which knows that it is the same call
      return Status::unavailable(fmt::format("{} has not answered yet (waited {} s)",
                                             server.address, seconds(options_.attempt_timeout)));
    }
    return silent(server, options_.attempt_timeout);
  }

  [[nodiscard]] wire::Message request(const Pending& pending,
                                      const std::optional<Once>& once) const {
    const Work& work = pending.work;
    const Duration left = *work.context.deadline() - now();
    wire::Request request{.method = work.method,
                          .remaining = std::max(std::chrono::microseconds(0),
                                                std::chrono::ceil<std::chrono::microseconds>(left)),
                          .attempt = pending.attempt,
                          .metadata = work.metadata};
    if (once) {
      const ClientSession& session = once->session;
      request.once = RequestId{session.number, once->sequence, *session.unfinished.begin()};
    }
    return {.call = pending.number, .content = std::move(request), .body = std::string(work.body)};
  }

  /// Why the context of a call has ended; unless the caller knows better, it may have been executed.
  static Status ended(const Work& work, const std::string& so_far) {
    // Who has ended it may have said that nothing had happened, and did not know of this call.
    if (work.context.status().code() != Code::deadline_exceeded)
      return work.context.cause().perhaps_executed();
    return Status::deadline_exceeded(fmt::format("the time for {} is up: {}", work.method, so_far));
  }

  static Status silent(const ServerAt& server, Duration waited) {
    return Status::unavailable(
        fmt::format("{} is silent (waited {} s)", server.address, seconds(waited)));
  }

  /// Waits before the next attempt.
  /// @return whether a late answer has made it unnecessary
  bool pause(Pending& pending) {
    const auto over =
        after(backoff(options_.retry, static_cast<int>(pending.attempt) + 1, random_));
    pending.outcome.reset();
    pending.is_pausing = true;
    int what = 0;
    while (what == 0 && !pending.outcome)
      what = select(recv(pending.woken), recv(pending.work.context.done()), recv(over));
    pending.is_pausing = false;
    return pending.outcome.has_value();
  }

  static Status after_attempts(const Pending& pending, const Status& status, std::string_view why) {
    const Status said(status.code(),
                      fmt::format("{} (attempt {}; {})", status.message(), pending.attempt, why),
                      std::string(status.what_to_do()));
    return with_effect(said, status.maybe_executed());
  }

  /// Law 6.
  Status give_up(const Pending& pending, const Status& status) {
    if (pending.asked != nullptr && !is_closed_) {
      group_.go([this, to = pending.asked->peer, number = pending.number] {
        constexpr auto kBestEffort = std::chrono::milliseconds(100);
        const auto [context, cancel] = with_timeout({}, kBestEffort);
        static_cast<void>(
            transport_.send(to, wire::pack({.call = number, .content = wire::Cancel{}}), context));
      });
    }
    return with_effect(status, pending.maybe_executed);
  }

  /// A call is known as long as this lives.
  class Registered {
   public:
    Registered(State& state, Pending& pending) : state_(state), pending_(pending) {
      state_.pending_[pending.number] = &pending;
    }
    ~Registered() { state_.pending_.erase(pending_.number); }
    Registered(const Registered&) = delete;
    Registered& operator=(const Registered&) = delete;

   private:
    State& state_;
    Pending& pending_;
  };

  /// A server is waited for as long as this lives.
  class Waiting {
   public:
    Waiting(Pending& pending, ServerAt& server) : pending_(pending), server_(server) {
      pending.at = pending.asked = &server;
      if (server.waiting++ != 0) return;
      server.busy_since = now();
      static_cast<void>(server.is_waited_for.try_send(Signal{}));
    }
    ~Waiting() {
      --server_.waiting;
      pending_.at = nullptr;
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Pending& pending_;
    ServerAt& server_;
  };

  // Servers.

  /// The one that answered last; when that is to be avoided, the next; when all are, the one that has been for longest.
  ServerAt& choose() {
    const TimePoint time = now();
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      const std::size_t index = (current_ + i) % servers_.size();
      if (servers_[index]->avoid_until > time) continue;
      current_ = index;
      return *servers_[index];
    }
    const auto first = std::ranges::min_element(
        servers_, {}, [](const auto& server) { return server->avoid_until; });
    current_ = static_cast<std::size_t>(first - servers_.begin());
    return **first;
  }

  void avoid(ServerAt& server) const { server.avoid_until = now() + options_.retry.backoff_max; }

  /// While answers are due and nothing comes, asks whether the server lives; at last takes it for dead.
  void feel_pulse(ServerAt& server) {
    for (;;) {
      if (server.waiting == 0) {
        static_cast<void>(server.is_waited_for.recv());
        continue;
      }
      const TimePoint since = std::max(server.heard, server.busy_since);
      const Duration silence = now() - since;
      if (silence >= options_.silence_max) {
        for (const auto& [number, pending] : pending_) {
          if (pending->at == &server && !pending->outcome)
            end(*pending, silent(server, silence), {});
        }
        server.busy_since = now();
      } else if (silence >= options_.ping_every) {
        const auto [context, cancel] = with_timeout({}, options_.ping_every);
        static_cast<void>(transport_.send(
            server.peer, wire::pack({.call = 1, .content = wire::Ping{}}), context));
      }
      sleep_for(options_.ping_every);
    }
  }

  // What comes.

  void read() {
    for (;;) {
      Result<Received> received = transport_.recv(reading_.context);
      if (!received.ok()) return;
      const auto from = std::ranges::find_if(
          servers_, [&](const auto& server) { return server->peer == received->from; });
      wire::Message message = wire::unpack(std::move(received->message));
      if (from != servers_.end()) (*from)->heard = now();
      if (auto* reply = std::get_if<wire::Reply>(&message.content)) {
        reply_came(message.call, *reply, std::move(message.body));
      } else if (std::holds_alternative<wire::GoAway>(message.content)) {
        ++counters_.notices;
        if (from != servers_.end()) avoid(**from);
      } else if (std::holds_alternative<wire::Pong>(message.content)) {
        ++counters_.notices;
      } else {
        ++counters_.unreadable;
      }
    }
  }

  void reply_came(std::uint64_t number, const wire::Reply& reply, std::string body) {
    const auto found = pending_.find(number);
    if (found == pending_.end()) {
      ++counters_.late_replies;
      return;
    }
    Pending& pending = *found->second;
    // Law 4: why an earlier attempt failed says nothing of this one, and shortens no pause.
    const bool is_of_another =
        !reply.status.ok() && (reply.attempt != pending.attempt || pending.is_pausing);
    if (pending.outcome || is_of_another) {
      ++counters_.late_replies;
    } else {
      ++counters_.answers;
      end(pending, reply.status, std::move(body));
    }
  }

  static void end(Pending& pending, Status outcome, std::string body) {
    pending.outcome = std::move(outcome);
    pending.body = std::move(body);
    static_cast<void>(pending.woken.try_send(Signal{}));
  }

  Transport& transport_;
  const ClientOptions options_;
  Random random_;
  RetryBudget budget_;
  bool is_closed_ = false;
  std::vector<std::unique_ptr<ServerAt>> servers_;
  std::size_t current_ = 0;  // of servers_: the one that answered last
  std::uint64_t next_number_ = 0;
  std::unordered_map<std::uint64_t, Pending*> pending_;
  ClientCounters counters_;
  Outbox outbox_;
  CancellableContext reading_;
  GoroutineGroup group_{"client"};  // last: its goroutines use all of the above
};

Client::Client(Transport& transport, const std::vector<std::string>& addresses,
               ClientOptions options)
    : state_(std::make_shared<State>(transport, addresses, std::move(options))) {}

Client::~Client() { close(); }

Result<std::string> Client::call_bytes(std::string_view method, std::string_view body,
                                       const Context& context, const CallOptions& options) {
  const std::shared_ptr<State> alive = state_;
  return alive->call(method, body, context, options);
}

void Client::finish(const Context& context) {
  const std::shared_ptr<State> alive = state_;
  alive->finish(context);
}

void Client::close() { state_->close(); }

ClientCounters Client::counters() const { return state_->counters(); }

}  // namespace conclave::rpc
