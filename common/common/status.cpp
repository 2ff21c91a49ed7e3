#include "common/status.hpp"

#include <array>
#include <cstddef>
#include <ostream>
#include <utility>

#include <fmt/format.h>

#include "common/assert.hpp"

namespace conclave {

namespace {

constexpr std::array<std::string_view, 17> kNames = {
    // in the order of Code
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal",
    "unavailable",
    "data_loss",
    "unauthenticated",
};

}  // namespace

std::string_view to_string(Code code) {
  const auto number = static_cast<std::size_t>(code);
  ensure(number < kNames.size(), "a code is one of the canonical 0 to 16 (it is {})", number);
  return kNames[number];
}

std::ostream& operator<<(std::ostream& out, Code code) { return out << to_string(code); }

Status::Status(Code code, std::string message, std::string what_to_do)
    : error_(
          std::make_shared<const Error>(Error{code, std::move(message), std::move(what_to_do)})) {
  ensure(code != Code::ok, "a status with a message is not ok (message \"{}\")", error_->message);
  ensure(!error_->message.empty(), "a status that is not ok has a message (code {})", code);
}

Status Status::cancelled(std::string message, std::string what_to_do) {
  return {Code::cancelled, std::move(message), std::move(what_to_do)};
}

Status Status::unknown(std::string message, std::string what_to_do) {
  return {Code::unknown, std::move(message), std::move(what_to_do)};
}

Status Status::invalid_argument(std::string message, std::string what_to_do) {
  return {Code::invalid_argument, std::move(message), std::move(what_to_do)};
}

Status Status::deadline_exceeded(std::string message, std::string what_to_do) {
  return {Code::deadline_exceeded, std::move(message), std::move(what_to_do)};
}

Status Status::not_found(std::string message, std::string what_to_do) {
  return {Code::not_found, std::move(message), std::move(what_to_do)};
}

Status Status::already_exists(std::string message, std::string what_to_do) {
  return {Code::already_exists, std::move(message), std::move(what_to_do)};
}

Status Status::permission_denied(std::string message, std::string what_to_do) {
  return {Code::permission_denied, std::move(message), std::move(what_to_do)};
}

Status Status::resource_exhausted(std::string message, std::string what_to_do) {
  return {Code::resource_exhausted, std::move(message), std::move(what_to_do)};
}

Status Status::failed_precondition(std::string message, std::string what_to_do) {
  return {Code::failed_precondition, std::move(message), std::move(what_to_do)};
}

Status Status::aborted(std::string message, std::string what_to_do) {
  return {Code::aborted, std::move(message), std::move(what_to_do)};
}

Status Status::out_of_range(std::string message, std::string what_to_do) {
  return {Code::out_of_range, std::move(message), std::move(what_to_do)};
}

Status Status::unimplemented(std::string message, std::string what_to_do) {
  return {Code::unimplemented, std::move(message), std::move(what_to_do)};
}

Status Status::internal(std::string message, std::string what_to_do) {
  return {Code::internal, std::move(message), std::move(what_to_do)};
}

Status Status::unavailable(std::string message, std::string what_to_do) {
  return {Code::unavailable, std::move(message), std::move(what_to_do)};
}

Status Status::data_loss(std::string message, std::string what_to_do) {
  return {Code::data_loss, std::move(message), std::move(what_to_do)};
}

Status Status::unauthenticated(std::string message, std::string what_to_do) {
  return {Code::unauthenticated, std::move(message), std::move(what_to_do)};
}

std::string_view Status::message() const noexcept {
  return ok() ? std::string_view() : error_->message;
}

std::string_view Status::what_to_do() const noexcept {
  return ok() ? std::string_view() : error_->what_to_do;
}

Status Status::not_executed() const { return with_maybe_executed(false); }

Status Status::perhaps_executed() const { return with_maybe_executed(true); }

Status Status::with_maybe_executed(bool maybe_executed) const {
  if (this->maybe_executed() == maybe_executed || ok()) return *this;
  Status status;
  status.error_ = std::make_shared<const Error>(
      Error{error_->code, error_->message, error_->what_to_do, maybe_executed});
  return status;
}

bool operator==(const Status& left, const Status& right) {
  if (left.error_ == right.error_) return true;
  return left.error_ != nullptr && right.error_ != nullptr && *left.error_ == *right.error_;
}

std::string to_string(const Status& status) {
  if (status.ok()) return "ok";
  if (status.what_to_do().empty()) return fmt::format("{}: {}", status.code(), status.message());
  return fmt::format("{}: {}; {}", status.code(), status.message(), status.what_to_do());
}

std::ostream& operator<<(std::ostream& out, const Status& status) {
  return out << to_string(status);
}

}  // namespace conclave

fmt::format_context::iterator fmt::formatter<conclave::Code>::format(
    conclave::Code code, fmt::format_context& context) const {
  return fmt::formatter<std::string_view>::format(to_string(code), context);
}

fmt::format_context::iterator fmt::formatter<conclave::Status>::format(
    const conclave::Status& status, fmt::format_context& context) const {
  return fmt::formatter<std::string_view>::format(to_string(status), context);
}
