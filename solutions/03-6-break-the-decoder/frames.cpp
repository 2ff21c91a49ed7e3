#include "frames.hpp"

namespace conclave {

std::vector<Frame> frames() {
  return {
      {"a call like any other", bytes("99 a2'CV' 01 01 01 ab'Counter.Add' ce 00 4c 4b 40 01 c0 80"),
       Verdict::read},

      // Promises.
      {"metadata promises four thousand million names",
       bytes("99 a2'CV' 01 01 01 ab'Counter.Add' 05 01 c0 df ff ff ff ff"), Verdict::too_short},
      {"one array in another, and so on, five deep",
       bytes("9a a2'CV' 01 01 01 ab'Counter.Add' 05 01 c0 80 91 91 91 91 00"), Verdict::too_deep},
      {"a second value stands behind the first",
       bytes("99 a2'CV' 01 01 01 ab'Counter.Add' 05 01 c0 80 01"), Verdict::too_much},

      // What changes from version to version, and what does not.
      {"version 2", bytes("99 a2'CV' 02 01 01 ab'Counter.Add' 05 01 c0 80"), Verdict::version},
      {"an element that version 1 does not know",
       bytes("9a a2'CV' 01 01 01 ab'Counter.Add' 05 01 c0 80 a5'later'"), Verdict::read},
      {"once has a fourth element",
       bytes("99 a2'CV' 01 01 01 ab'Counter.Add' 05 01 94 07 01 01 a5'later' 80"), Verdict::read},

      // What our types cannot say, and those bytes can.
      {"attempt is 2^32 + 1",
       bytes("99 a2'CV' 01 01 01 ab'Counter.Add' 05 cf 00 00 00 01 00 00 00 01 c0 80"),
       Verdict::misfit},
      {"one user, and then another",
       bytes("99 a2'CV' 01 01 01 ab'Counter.Add' 05 01 c0 82 a4'user' a3'ada' a4'user' a3'eve'"),
       Verdict::name_twice},
      {"a zero within a method's name", bytes("99 a2'CV' 01 01 01 ac'Counter.Add' 00 05 01 c0 80"),
       Verdict::no_name},
  };
}

}  // namespace conclave
