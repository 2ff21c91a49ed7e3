/// @file
/// Exercise 1.12: a program that hangs.  It ends the process with a dump.
#pragma once

namespace conclave {

void post_office();

}  // namespace conclave
