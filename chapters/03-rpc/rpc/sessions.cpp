#include "rpc/sessions.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "common/assert.hpp"
#include "rpc/session_record.hpp"

namespace conclave::rpc {

namespace {

Decision refuse(Status status) {
  return {.kind = Decision::Kind::refuse, .status = std::move(status)};
}

}  // namespace

Sessions::Sessions(const SessionLimits& limits, const SessionsRecord& record) : limits_(limits) {
  for (const SessionRecord& one : record.sessions) {
    Session& session = sessions_[one.session];
    session.first_unfinished = one.first_unfinished;
    for (const AnswerRecord& answer : one.answers) {
      session.requests[answer.sequence] = answer.answer;
      answer_bytes_ += answer.answer.size();
    }
  }
}

SessionsRecord Sessions::record() const {
  SessionsRecord record;
  for (const auto& [number, session] : sessions_) {
    SessionRecord& one = record.sessions.emplace_back(
        SessionRecord{.session = number, .first_unfinished = session.first_unfinished});
    for (const auto& [sequence, answer] : session.requests) {
      if (answer) one.answers.push_back({sequence, *answer});
    }
  }
  return record;
}

Status Sessions::open(std::uint64_t session) {
  if (sessions_.contains(session))
    return Status::already_exists(fmt::format("session {} is open", session),
                                  "draw another number");
  if (sessions_.size() >= limits_.sessions_max) {
    return Status::resource_exhausted(
        fmt::format("{} sessions are open, and no more may be", sessions_.size()),
        "close some, or try again when others have");
  }
  sessions_[session];
  return {};
}

Status Sessions::close(std::uint64_t session) {
  const auto found = sessions_.find(session);
  if (found == sessions_.end())
    return Status::not_found(fmt::format("session {} is not open", session));
  for (const auto& [sequence, answer] : found->second.requests)
    answer_bytes_ -= answer ? answer->size() : 0;
  sessions_.erase(found);
  return {};
}

void Sessions::drop(Session& session, std::uint64_t end) {
  auto& requests = session.requests;
  for (auto one = requests.begin(); one != requests.end() && one->first < end;) {
    if (one->second) answer_bytes_ -= one->second->size();
    one = requests.erase(one);
  }
}

Decision Sessions::begin(const RequestId& id) {
  if (id.first_unfinished == 0 || id.first_unfinished > id.sequence) {
    return refuse(
        Status::invalid_argument(fmt::format("request {} says that {} is the first unfinished one",
                                             id.sequence, id.first_unfinished),
                                 "want 1 to the request's own number"));
  }
  const auto found = sessions_.find(id.session);
  if (found == sessions_.end()) {
    return refuse(Status::failed_precondition(
        fmt::format(
            "session {} is not open: it never was, was closed, or the server has started anew",
            id.session),
        "open another; whether what was asked in this one took effect is not known here"));
  }
  Session& session = found->second;

  // A copy that comes late speaks of the past, so the bound only grows (RIFL §3.2).
  session.first_unfinished = std::max(session.first_unfinished, id.first_unfinished);
  drop(session, session.first_unfinished);
  if (id.sequence < session.first_unfinished) {
    return refuse(Status::failed_precondition(
        fmt::format("request {} of session {} is over: {} is its first unfinished one", id.sequence,
                    id.session, session.first_unfinished),
        "its answer was dropped when the client said that it had it"));
  }

  if (const auto known = session.requests.find(id.sequence); known != session.requests.end()) {
    if (!known->second) return {.kind = Decision::Kind::wait};
    return {.kind = Decision::Kind::answer, .answer = *known->second};
  }
  if (id.sequence - session.first_unfinished >= limits_.unfinished_max) {
    return refuse(Status::resource_exhausted(
        fmt::format("request {} of session {} is {} above its first unfinished one, and may be {}",
                    id.sequence, id.session, id.sequence - session.first_unfinished,
                    limits_.unfinished_max - 1),
        "wait for the oldest answer first"));
  }
  if (is_full()) {
    return refuse(Status::resource_exhausted(
        fmt::format("the answers that are kept have {} bytes, and may have {}", answer_bytes_,
                    limits_.answer_bytes_max),
        "say which ones you have: with the next call, or by closing the session"));
  }
  session.requests[id.sequence];
  return {.kind = Decision::Kind::execute};
}

void Sessions::complete(const RequestId& id, std::string answer) {
  const auto session = sessions_.find(id.session);
  if (session == sessions_.end()) return;
  const auto request = session->second.requests.find(id.sequence);
  if (request == session->second.requests.end()) return;  // nobody wants the answer any more
  ensure(!request->second, "request {} of session {} is completed once", id.sequence, id.session);
  request->second = std::move(answer);
  answer_bytes_ += request->second->size();
}

void Sessions::release(const RequestId& id) {
  const auto session = sessions_.find(id.session);
  if (session == sessions_.end()) return;
  const auto request = session->second.requests.find(id.sequence);
  if (request == session->second.requests.end()) return;
  ensure(!request->second, "request {} of session {} was not executed", id.sequence, id.session);
  session->second.requests.erase(request);
}

std::size_t Sessions::answers() const {
  std::size_t count = 0;
  for (const auto& [number, session] : sessions_) {
    count += static_cast<std::size_t>(std::ranges::count_if(
        session.requests, [](const auto& request) { return request.second.has_value(); }));
  }
  return count;
}

void Sessions::check_invariants() const {
  ensure(sessions_.size() <= limits_.sessions_max, "there are at most {} sessions (there are {})",
         limits_.sessions_max, sessions_.size());
  std::size_t bytes = 0;
  for (const auto& [number, session] : sessions_) {
    if (session.requests.empty()) continue;
    for (const auto& [sequence, answer] : session.requests) bytes += answer ? answer->size() : 0;
    const std::uint64_t first = session.requests.begin()->first;
    const std::uint64_t last = session.requests.rbegin()->first;
    ensure(first >= session.first_unfinished, "request {} of session {} is not below {}", first,
           number, session.first_unfinished);
    ensure(last - session.first_unfinished < limits_.unfinished_max,
           "request {} of session {} is less than {} above {}", last, number,
           limits_.unfinished_max, session.first_unfinished);
  }
  ensure(bytes == answer_bytes_, "the answers have {} bytes (counted: {})", bytes, answer_bytes_);
}

}  // namespace conclave::rpc
