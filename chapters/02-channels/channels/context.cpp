#include "channels/context.hpp"

#include <boost/intrusive/list.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <fmt/format.h>

#include "common/assert.hpp"
#include "goroutines/alarm.hpp"
#include "goroutines/race_detector.hpp"

namespace conclave {
namespace detail {

/// One context in the tree.  It keeps its parent; the parent only knows it, and forgets it when it ends.
class ContextNode : public boost::intrusive_ref_counter<ContextNode, boost::thread_unsafe_counter>,
                    public Alarm {
 public:
  explicit ContextNode(boost::intrusive_ptr<ContextNode> parent) : parent_(std::move(parent)) {
    const RuntimeCode runtime;
    if (parent_ == nullptr) return;
    deadline = parent_->deadline;
    if (parent_->status.ok()) {
      parent_->children_.push_back(*this);
    } else {
      status = parent_->status;
      cause = parent_->cause;
    }
  }

  /// Lets go of a long line of ancestors one by one: each inside the other's destructor would need a stack as
  /// deep as the line is long.
  ~ContextNode() override {
    handles.acquire();
    while (parent_ != nullptr && parent_->use_count() == 1) {
      boost::intrusive_ptr<ContextNode> grandparent = std::move(parent_->parent_);
      parent_ = std::move(grandparent);
    }
  }

  /// Ends this context and all below it.
  void end(const Status& with_status, const Status& with_cause) noexcept {
    const RuntimeCode runtime;
    if (!status.ok()) return;
    among_siblings_.unlink();
    Children below;
    end_alone(with_status, with_cause, below);
    while (!below.empty()) {
      ContextNode& first = below.front();
      below.pop_front();
      first.end_alone(with_status, with_cause, below);
    }
  }

  /// Ends this context at `time`, or now when that has come.
  void end_at(TimePoint time) {
    if (!status.ok()) return;
    if (time <= now()) {
      fire();
    } else {
      set(time);
    }
  }

  /// Ends what is overdue.  No alarm fires while a goroutine computes and never parks, nor in a later run().
  void look_at_the_clock() noexcept {
    if (!deadline || !status.ok() || !inside_run() || now() < *deadline) return;
    ContextNode* whose = this;
    while (whose->parent_ != nullptr && whose->parent_->deadline == deadline) {
      whose = whose->parent_.get();
    }
    whose->fire();
  }

  RecvChan<Signal> done() {
    const RuntimeCode runtime;
    if (!done_) {
      done_ = make_chan<Signal>();
      if (!status.ok()) done_.close();
    }
    return done_;
  }

  [[nodiscard]] const void* find(const void* wanted) const noexcept {
    for (const ContextNode* node = this; node != nullptr; node = node->parent_.get()) {
      if (node->key == wanted) return node->value.get();
    }
    return nullptr;
  }

  [[no_unique_address]] Edge ended;            // before who sees that it has
  [[no_unique_address]] mutable Edge handles;  // each before the end of the last
  Status status;                               // ok until it ends
  Status cause;
  std::optional<TimePoint> deadline;
  const void* key = nullptr;
  std::shared_ptr<const void> value;

 private:
  using Link = boost::intrusive::list_member_hook<
      boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
  Link among_siblings_;
  using Children = boost::intrusive::list<
      ContextNode, boost::intrusive::member_hook<ContextNode, Link, &ContextNode::among_siblings_>,
      boost::intrusive::constant_time_size<false>>;

  void end_alone(const Status& with_status, const Status& with_cause, Children& below) noexcept {
    below.splice(below.end(), children_);
    ended.release();
    status = with_status;
    cause = with_cause;
    cancel();
    if (done_) done_.close();
    has_ended();
  }

  virtual void has_ended() noexcept {}

  void fire() noexcept override {
    const Status late = Status::deadline_exceeded("the context's deadline has passed");
    end(late, late);
  }

  boost::intrusive_ptr<ContextNode> parent_;
  Children children_;
  Chan<Signal> done_;  // nil until somebody asks for it
};

void intrusive_ptr_add_ref(const ContextNode* node) noexcept {
  boost::sp_adl_block::intrusive_ptr_add_ref(node);
}
void intrusive_ptr_release(const ContextNode* node) noexcept {
  node->handles.release();
  boost::sp_adl_block::intrusive_ptr_release(node);
}

struct ContextAccess {
  /// Null for the background, and for a handle that died with main's frame.
  static ContextNode* node(const Context& context) noexcept {
    return gone(&context) ? nullptr : context.node_.get();
  }
  /// The same, and it is not overdue.
  static ContextNode* node_now(const Context& context) noexcept {
    ContextNode* node = ContextAccess::node(context);
    if (node != nullptr) node->look_at_the_clock();
    return node;
  }
  static Context context(boost::intrusive_ptr<ContextNode> node) noexcept {
    Context context;
    context.node_ = std::move(node);
    return context;
  }
  static CancellableContext both(const boost::intrusive_ptr<ContextNode>& node) noexcept {
    return {.context = context(node), .cancel = Cancel(node)};
  }
};

namespace {

boost::intrusive_ptr<ContextNode> child_of(const Context& parent) {
  return new ContextNode(ContextAccess::node(parent));
}

/// Ends a wait for a descriptor with the context.
class Interrupter final : public ContextNode {
 public:
  Interrupter(const Context& context, DescriptorWait& wait)
      : ContextNode(ContextAccess::node(context)), wait_(wait) {}

 private:
  void has_ended() noexcept override { wait_.end(status); }

  DescriptorWait& wait_;
};

Status wait(DescriptorWait wait, const Context& context, std::source_location place) {
  current(place);
  if (Status ended = context.status(); !ended.ok()) return ended;
  Interrupter interrupter(context, wait);
  const Acquires order(interrupter.ended);
  return wait.wait(TimePoint::max(), place);
}

}  // namespace

Context with_value(const Context& parent, const void* key, std::shared_ptr<const void> value) {
  auto node = child_of(parent);
  node->key = key;
  node->value = std::move(value);
  return ContextAccess::context(std::move(node));
}

}  // namespace detail

RecvChan<Signal> Context::done() const {
  detail::ContextNode* node = detail::ContextAccess::node_now(*this);
  return node != nullptr ? node->done() : RecvChan<Signal>();
}

Status Context::status() const {
  detail::ContextNode* node = detail::ContextAccess::node_now(*this);
  if (node == nullptr) return {};
  const detail::Acquires order(node->ended);
  return node->status;
}

Status Context::cause() const {
  detail::ContextNode* node = detail::ContextAccess::node_now(*this);
  if (node == nullptr) return {};
  const detail::Acquires order(node->ended);
  return node->cause;
}

std::optional<TimePoint> Context::deadline() const {
  const detail::ContextNode* node = detail::ContextAccess::node(*this);
  return node != nullptr ? node->deadline : std::nullopt;
}

const void* Context::find(const void* key) const {
  const detail::ContextNode* node = detail::ContextAccess::node(*this);
  return node != nullptr ? node->find(key) : nullptr;
}

Cancel& Cancel::operator=(Cancel&& other) noexcept {
  if (this != &other) {
    (*this)();
    node_ = std::move(other.node_);
  }
  return *this;
}

Cancel::~Cancel() { (*this)(); }

void Cancel::operator()() const {
  if (detail::gone(this) || node_ == nullptr) return;
  static const Status kCancelled = Status::cancelled("the context was cancelled");
  node_->end(kCancelled, kCancelled);
}

void Cancel::operator()(const Status& cause) const {
  ensure(!cause.ok(), "the cause of a cancellation is not ok");
  if (detail::gone(this) || node_ == nullptr) return;
  node_->end(Status::cancelled(fmt::format("the context was cancelled: {}", cause.message())),
             cause);
}

CancellableContext with_cancel(const Context& parent) {
  return detail::ContextAccess::both(detail::child_of(parent));
}

CancellableContext with_deadline(const Context& parent, TimePoint deadline,
                                 std::source_location place) {
  if (!detail::inside_run()) detail::panic_outside_run(place);
  auto node = detail::child_of(parent);
  if (!node->deadline || deadline < *node->deadline) {
    node->deadline = deadline;
    node->end_at(deadline);
  }
  return detail::ContextAccess::both(node);
}

CancellableContext with_timeout(const Context& parent, Duration d, std::source_location place) {
  return with_deadline(parent, detail::from_now(d, place), place);
}

Status wait_readable(int fd, const Context& context, std::source_location place) {
  return detail::wait({fd, detail::Direction::read}, context, place);
}

Status wait_writable(int fd, const Context& context, std::source_location place) {
  return detail::wait({fd, detail::Direction::write}, context, place);
}

}  // namespace conclave
