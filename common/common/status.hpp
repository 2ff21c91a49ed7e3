/// @file
/// How an operation ended: well, or with one of 16 codes, a message and what to do about it.
///
/// Laws
///  1. The status of success carries no text, costs no allocation and equals every other one.
///  2. Every other status has a message.
///  3. A status never changes, so that copies may share their text.
///  4. Nobody says that nothing has happened unless they know it: an error is taken to have left its traces until
///     whoever made it says otherwise.
///
/// Call from anywhere.
/// Source: the canonical codes of gRPC and Abseil (absl/status/status.h), same names and numbers.
#pragma once

#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>

#include <fmt/core.h>

namespace conclave {

/// The canonical codes. The three that are easily confused: retry the same call after
/// `unavailable`, retry the whole sequence after `aborted`, and do not retry after
/// `failed_precondition` until somebody has changed the state.
enum class Code {
  ok = 0,                   ///< it worked
  cancelled = 1,            ///< the caller gave up
  unknown = 2,              ///< an error without a code, from elsewhere
  invalid_argument = 3,     ///< wrong in any state of the system
  deadline_exceeded = 4,    ///< the time was up; the work may still be done
  not_found = 5,            ///< what was asked for does not exist
  already_exists = 6,       ///< what should be created is there
  permission_denied = 7,    ///< we know who you are, and you may not
  resource_exhausted = 8,   ///< a quota, a queue or a disk is full
  failed_precondition = 9,  ///< wrong in the present state of the system
  aborted = 10,             ///< lost against something concurrent
  out_of_range = 11,        ///< past the end, as of now
  unimplemented = 12,       ///< not offered here
  internal = 13,            ///< one of our own invariants is broken
  unavailable = 14,         ///< not now; the same call may work in a moment
  data_loss = 15,           ///< lost or corrupt beyond repair
  unauthenticated = 16,     ///< we do not know who you are
};

/// The name of a code as it is written above, as in `not_found`.
/// @pre `code` is one of the 17
[[nodiscard]] std::string_view to_string(Code code);
/// Prints the name, for the reports of tests.
std::ostream& operator<<(std::ostream& out, Code code);

/// Success, or a code with a message and what to do.  16 bytes; copying an error shares its text.
///
///     return Status::resource_exhausted("queue \"jobs\" is full (128 of 128)",
///                                       "wait, or raise its capacity");
///
/// A message names the thing, the value and the limit; `what_to_do` names the fix and may be left
/// out.
class [[nodiscard]] Status {
 public:
  /// Success.
  Status() noexcept = default;
  /// Any other end, for a code that is only known at run time.
  /// @pre `code` is not ok, and `message` is not empty
  Status(Code code, std::string message, std::string what_to_do = {});

  /// @name One for each code but ok.
  /// @{
  static Status cancelled(std::string message, std::string what_to_do = {});
  static Status unknown(std::string message, std::string what_to_do = {});
  static Status invalid_argument(std::string message, std::string what_to_do = {});
  static Status deadline_exceeded(std::string message, std::string what_to_do = {});
  static Status not_found(std::string message, std::string what_to_do = {});
  static Status already_exists(std::string message, std::string what_to_do = {});
  static Status permission_denied(std::string message, std::string what_to_do = {});
  static Status resource_exhausted(std::string message, std::string what_to_do = {});
  static Status failed_precondition(std::string message, std::string what_to_do = {});
  static Status aborted(std::string message, std::string what_to_do = {});
  static Status out_of_range(std::string message, std::string what_to_do = {});
  static Status unimplemented(std::string message, std::string what_to_do = {});
  static Status internal(std::string message, std::string what_to_do = {});
  static Status unavailable(std::string message, std::string what_to_do = {});
  static Status data_loss(std::string message, std::string what_to_do = {});
  static Status unauthenticated(std::string message, std::string what_to_do = {});
  /// @}

  /// Whether this is success.
  [[nodiscard]] bool ok() const noexcept { return error_ == nullptr; }
  /// The code; `Code::ok` for success.
  [[nodiscard]] Code code() const noexcept { return ok() ? Code::ok : error_->code; }
  /// What happened; empty for success.  Valid as long as a copy of this status lives.
  [[nodiscard]] std::string_view message() const noexcept;
  /// What the reader of the message can do; often empty.  Valid as long as a copy of this status
  /// lives.
  [[nodiscard]] std::string_view what_to_do() const noexcept;

  /// Whether the same request may well succeed in a moment: `unavailable` and `resource_exhausted`.  Whether it may be
  /// sent again is another question, which maybe_executed() answers a part of.
  [[nodiscard]] bool retryable() const noexcept {
    return code() == Code::unavailable || code() == Code::resource_exhausted;
  }
  /// Whether what was asked for may have taken effect; of an error, unless not_executed() made it.
  [[nodiscard]] bool maybe_executed() const noexcept { return ok() || error_->maybe_executed; }
  /// The same error of a request that provably had no effect.  Success stays success.
  Status not_executed() const;
  /// The same error of a request that may have had one.
  Status perhaps_executed() const;

  /// Whether code, message, advice and maybe_executed() are equal.
  friend bool operator==(const Status& left, const Status& right);

 private:
  [[nodiscard]] Status with_maybe_executed(bool maybe_executed) const;

  struct Error {
    Code code;
    std::string message;
    std::string what_to_do;
    bool maybe_executed = true;
    bool operator==(const Error&) const = default;
  };

  std::shared_ptr<const Error> error_;  // null means ok
};

/// One line: `ok`, or as in `not_found: no lock named "a"; acquire it first`.
[[nodiscard]] std::string to_string(const Status& status);
/// Prints that line, for the reports of tests.
std::ostream& operator<<(std::ostream& out, const Status& status);

}  // namespace conclave

/// Lets libfmt print a code by its name.
template <>
struct fmt::formatter<conclave::Code> : fmt::formatter<std::string_view> {
  /// Writes the name of `code`.
  fmt::format_context::iterator format(conclave::Code code, fmt::format_context& context) const;
};

/// Lets libfmt print a status as its one line.
template <>
struct fmt::formatter<conclave::Status> : fmt::formatter<std::string_view> {
  /// Writes the line of `status`.
  fmt::format_context::iterator format(const conclave::Status& status,
                                       fmt::format_context& context) const;
};
