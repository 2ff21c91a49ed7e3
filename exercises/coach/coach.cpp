#include "coach/coach.hpp"

#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>
#include <sys/signalfd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "channels/channels.hpp"
#include "coach/screen.hpp"
#include "coach/watcher.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave::coach {

namespace {

using std::chrono_literals::operator""ms;

constexpr auto kTick = 100ms;

/// What the coach reads from a descriptor, where a handler could not do much.
sigset_t held_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT, SIGWINCH})
    sigaddset(&signals, signal);
  return signals;
}

/// Sends each signal that comes.  Parks, and never returns.
void read_signals(const Chan<int>& signals) {
  const sigset_t held = held_signals();
  const Descriptor source(signalfd(-1, &held, SFD_NONBLOCK | SFD_CLOEXEC));
  for (;;) {
    signalfd_siginfo info{};
    if (read(source.get(), &info, sizeof info) == sizeof info) {
      signals.send(static_cast<int>(info.ssi_signo));
    } else if (errno != EINTR && (errno != EAGAIN || !wait_readable(source.get()).ok())) {
      return;
    }
  }
}

/// Stops this process and its group, make included, as the terminal's Ctrl-Z would; returns when it goes on.
void stop() {
  sigset_t stop_signal;
  sigemptyset(&stop_signal);
  sigaddset(&stop_signal, SIGTSTP);
  kill(0, SIGTSTP);  // held until the next line
  pthread_sigmask(SIG_UNBLOCK, &stop_signal, nullptr);
  pthread_sigmask(SIG_BLOCK, &stop_signal, nullptr);
}

/// Asks tools/exercise, one thing at a time.
class Asker {
 public:
  explicit Asker(Duration time_max) : time_max_(time_max) {}
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;
  ~Asker() {
    abandon();
    asking_.wait();
  }

  /// Asks, in place of what was asked before.  Does not block: the answer comes on answers().
  void ask(const Ask& what, int columns) {
    abandon();
    auto [context, cancel] = with_cancel({});
    current_.emplace(std::move(cancel));
    Command command{.words = command_of(what.request),
                    .environment = {"NO_COLOR=1", fmt::format("COLUMNS={}", columns)}};
    if (what.request.verb == Verb::give_up) command.environment.emplace_back("GIVE_UP=1");
    asking_.go(
        [this, context = std::move(context), command = std::move(command), number = what.number] {
          const std::scoped_lock one_at_a_time(turn_);  // the one before is to be gone
          if (!context.status().ok()) return;
          const auto [limited, cancel_limited] = with_timeout(context, time_max_);
          Phase phase = Phase::unknown;
          const auto listen = [&](std::string_view so_far) {
            const Phase told = phase_in(so_far);
            if (told != std::exchange(phase, told)) say(Told{number, told}, context);
          };
          say(Answered{.number = number, .ending = run_child(command, limited, listen)}, context);
        });
  }

  /// What was asked is not wanted any more.  Does not block.
  void abandon() { current_.reset(); }

  /// Told and Answered, but for those that are not wanted any more.
  [[nodiscard]] RecvChan<Event> answers() const { return answers_; }

 private:
  void say(Event event, const Context& context) const {
    select(send(answers_, std::move(event)), recv(context.done()));
  }

  Duration time_max_;
  std::optional<Cancel> current_;
  Mutex turn_;
  Chan<Event> answers_ = make_chan<Event>();
  WaitGroup asking_;
};

/// The coach, between its state and the world.
class Coach {
 public:
  Coach(Terminal& terminal, const Options& options)
      : terminal_(terminal), asker_(options.answer_time_max), watcher_(options.poll) {
    state_.look = options.look;
    state_.wanted = options.wanted;
  }

  /// Listens until something ends it.
  Quit run() {
    sources_.go(Name("keys"), [this] { terminal_.read_keys(keys_); });
    sources_.go(Name("signals"), [this] { read_signals(signals_); });
    sources_.go(Name("watcher"), [this] { watcher_.run(); });
    happen(Started{});
    while (!quit_) {
      terminal_.show(frame_of(state_));
      // Nil, and so never ready, while no time is on the screen.
      const RecvChan<TimePoint> time = state_.shows_time() ? after(kTick) : RecvChan<TimePoint>{};
      select(recv(keys_, [this](std::optional<Key> key) { press(key); }),
             recv(watcher_.saves(),
                  [this](const std::vector<std::string>& files) { happen(Saved{files}); }),
             recv(signals_, [this](int signal) { take(signal); }),
             recv(asker_.answers(), [this](const Event& event) { happen(event); }),
             recv(time, [this] { happen(Ticked{}); }));
    }
    return *quit_;
  }

 private:
  void happen(const Event& event) {
    for (const Effect& effect : update(state_, event, now())) {
      std::visit([this](const auto& what) { perform(what); }, effect);
    }
    state_.polling = watcher_.polling();
  }

  void press(std::optional<Key> key) {
    if (key) {
      happen(Pressed{*key});
    } else {
      quit_ = Quit{.status = 1};  // the terminal is gone
    }
  }

  void take(int signal) {
    constexpr int kStatusOfSignal = 128;
    if (signal == SIGTSTP) return perform(Suspend{});
    if (signal == SIGCONT) return come_back();
    if (signal == SIGWINCH) {
      terminal_.forget();
      return happen(Resized{terminal_.size()});
    }
    quit_ = Quit{.status = kStatusOfSignal + signal};
  }

  void come_back() {
    terminal_.enter();
    happen(Resized{terminal_.size()});
  }

  void perform(const Ask& ask) { asker_.ask(ask, state_.look.size.columns); }
  void perform(const Abandon& /*nothing*/) { asker_.abandon(); }
  void perform(const Settle& settle) { watcher_.settle(settle.files); }
  void perform(const Quit& quit) { quit_ = quit; }

  void perform(const Open& /*nothing*/) {
    const Exercise& exercise = state_.exercise();
    state_.task = task_in(content_of(fmt::format("exercises/{}/README.md", exercise.folder)));
    state_.is_built = access(program_of(exercise).c_str(), F_OK) == 0;
    state_.beginnings.clear();
    for (const std::string& file : exercise.files)
      state_.beginnings[file] = beginning_in(content_of(file));
  }

  void perform(const Watch& /*nothing*/) { watcher_.watch(files_of(state_.exercises)); }

  void perform(const Suspend& /*nothing*/) {
    terminal_.leave();
    stop();
    come_back();
  }

  void perform(const Dump& /*nothing*/) {
    terminal_.leave();
    std::raise(SIGQUIT);  // the library reports, and ends the program
    yield();
    come_back();
  }

  Terminal& terminal_;
  State state_;
  std::optional<Quit> quit_;
  Chan<Key> keys_ = make_chan<Key>();
  Chan<int> signals_ = make_chan<int>();
  Asker asker_;
  Watcher watcher_;
  GoroutineGroup sources_{"coach"};  // last: they use all of the above
};

}  // namespace

void hold_signals() {
  const sigset_t held = held_signals();
  pthread_sigmask(SIG_BLOCK, &held, nullptr);
}

Quit learn(Terminal& terminal, const Options& options) {
  constexpr std::size_t kStackBytes = 512 * 1024;  // std::regex recurses
  Quit quit;
  const auto main = [&] {
    Coach coach(terminal, options);
    terminal.enter();
    quit = coach.run();
    terminal.leave();
  };
  run(main, {.stack_bytes = kStackBytes});
  return quit;
}

}  // namespace conclave::coach
