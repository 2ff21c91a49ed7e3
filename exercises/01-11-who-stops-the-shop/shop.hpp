/// @file
/// Exercise 1.11: a shop whose clerks are goroutines.
#pragma once

#include <string>

namespace conclave {

// --- Given: the tests define it ------------------------------------------------------------------------

/// Where the books are.
class Cellar {
 public:
  virtual ~Cellar() = default;

  /// The shelf on which the book stands.  Blocks its thread until the book has been found, for that is all it can do: it is
  /// old, and knows nothing of goroutines.  Any thread may call it, and several at once.
  virtual int find(const std::string& title) = 0;
};

/// What has been sold.
class Ledger {
 public:
  virtual ~Ledger() = default;

  /// Notes a sale.  Does not block.  The ledger is for goroutines, and for their thread.
  virtual void note(const std::string& title, int shelf) = 0;
};

// --- Yours ---------------------------------------------------------------------------------------------

/// A clerk: takes the orders that come in at `door`, finds each book, notes the sale; returns when the door is closed.
/// Waiting, for an order or for a book, parks the goroutine and never the thread.  To wait for an order takes no helper thread.
/// Several clerks may serve one door, and several doors.
/// @param door   one end of a socket pair, blocking, as it comes.  Each read(2) from it obtains one order, the title of a
///   book of at most 64 letters; nothing, with result 0, when the other end has been closed
void clerk(int door, Cellar& cellar, Ledger& ledger);

}  // namespace conclave
