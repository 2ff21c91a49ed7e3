/// @file
/// A mistake three calls deep: the panic says where it was made, and through which calls.
#include "goroutines/goroutines.hpp"

using conclave::go;
using conclave::Name;
using conclave::Semaphore;
using conclave::yield;

struct Pool {
  Semaphore free{2};

  void put_back() { free.release(); }
};

void answer(Pool& pool, int request) {
  yield();
  if (request == 3) pool.put_back();  // nothing was taken
  yield();
}

void serve(Pool& pool) {
  for (int request = 1;; ++request) answer(pool, request);
}

int main() {
  conclave::run([] {
    Pool pool;
    go(Name("server"), [&] { serve(pool); });
    for (;;) yield();
  });
}
