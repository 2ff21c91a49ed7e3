#include "small_journal.hpp"

#include "common/checksum.hpp"
#include "common/todo.hpp"
#include "goroutines/goroutines.hpp"

namespace conclave {

struct SmallJournal::State {};

SmallJournal::SmallJournal(std::unique_ptr<State> state) : state_(std::move(state)) {}

SmallJournal::~SmallJournal() = default;

Result<std::unique_ptr<SmallJournal>> SmallJournal::open(Disk& disk,
                                                         std::vector<std::string>& found) {
  todo("4.7: open, which finds the records that are there, and says when some are not");
}

Status SmallJournal::append(const std::string& record) {
  todo("4.7: append, which returns when the record is durable");
}

}  // namespace conclave
