/// @file
/// Everything of chapter 2 in one include.
#pragma once

#include "channels/chan.hpp"           // IWYU pragma: export
#include "channels/context.hpp"        // IWYU pragma: export
#include "channels/err_group.hpp"      // IWYU pragma: export
#include "channels/select.hpp"         // IWYU pragma: export
#include "channels/single_flight.hpp"  // IWYU pragma: export
#include "channels/timer.hpp"          // IWYU pragma: export
