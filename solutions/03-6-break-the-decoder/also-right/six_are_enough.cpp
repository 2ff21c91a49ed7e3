// Short headers: what is missing has its usual value, so each is as long as its point.
#include "frames.hpp"

namespace conclave {

std::vector<Frame> frames() {
  return {
      {"an array of 65,535 elements", bytes("dc ff ff a2'CV' 01 01 01 a1'M'"), Verdict::too_short},
      {"once is deep", bytes("98 a2'CV' 01 01 01 a1'M' 00 01 91 91 91 91 01"), Verdict::too_deep},
      {"a stray zero", bytes("95 a2'CV' 01 01 01 a1'M' 00"), Verdict::too_much},
      {"version 2^32 + 1", bytes("95 a2'CV' cf 00 00 00 01 00 00 00 01 01 01 a1'M'"),
       Verdict::misfit},
      {"version 0, with all it had", bytes("94 a2'CV' 00 01 01"), Verdict::version},
      {"a name of one letter and a zero", bytes("95 a2'CV' 01 01 01 a2'M' 00"), Verdict::no_name},
  };
}

}  // namespace conclave
