/// @file
/// Exercise 1.5: three programs that lock up.  Each ends the process with a report.
#pragma once

namespace conclave {

void bakery();
void dinner();
void kitchen();

}  // namespace conclave
