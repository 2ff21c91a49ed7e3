#include "goroutines/race_detector.hpp"

#ifdef BOOK_DETECTS_RACES

#include <cstdlib>
#include <sys/mman.h>
#include <sys/single_threaded.h>

#include <fmt/format.h>
#include <sanitizer/tsan_interface.h>

// What the sanitizer's headers do not declare.  NOLINTBEGIN(readability-identifier-naming): its names
extern "C" {
void __tsan_func_entry(void* caller);
void __tsan_func_exit();
void __tsan_read1(void* address);
void __tsan_write1(void* address);
void __tsan_ignore_thread_begin();
void __tsan_ignore_thread_end();
void __tsan_atomic8_store(volatile unsigned char* address, unsigned char value, int order);
void AnnotateIgnoreSyncBegin(const char* file, int line);
void AnnotateIgnoreSyncEnd(const char* file, int line);
}
// NOLINTEND(readability-identifier-naming)

namespace conclave::detail::sanitizer {
namespace {

thread_local bool here_switches_order = false;

// A test of the scheduler rests on who runs when, as no program may: then each switch is an edge.
bool switches_order() noexcept {
  static const bool everywhere = std::getenv("CONCLAVE_SWITCHES_ORDER") != nullptr;
  return everywhere || here_switches_order;
}

}  // namespace

void* create_fiber(std::uint64_t id, const std::string& name) {
  void* fiber = __tsan_create_fiber(0);
  __tsan_set_fiber_name(
      fiber, fmt::format("goroutine {}{}", id, name.empty() ? "" : " (" + name + ")").c_str());
  return fiber;
}

void* current_fiber() noexcept { return __tsan_get_current_fiber(); }
void destroy_fiber(void* fiber) noexcept { __tsan_destroy_fiber(fiber); }
void switch_to_fiber(void* fiber) noexcept {
  __tsan_switch_to_fiber(fiber, switches_order() ? 0U : __tsan_switch_to_fiber_no_sync);
}

void begin_scheduler(void* fiber, bool switches_order_here) noexcept {
  here_switches_order = switches_order_here;
  __libc_single_threaded = 0;  // else the standard library counts references without atomics
  void* self = current_fiber();
  switch_to_fiber(fiber);
  ignore_begin();
  if (!switches_order()) AnnotateIgnoreSyncBegin(__FILE__, __LINE__);
  switch_to_fiber(self);
}

void end_scheduler(void* fiber) noexcept {
  void* self = current_fiber();
  switch_to_fiber(fiber);
  if (!switches_order()) AnnotateIgnoreSyncEnd(__FILE__, __LINE__);
  ignore_end();
  switch_to_fiber(self);
}

void ignore_begin() noexcept { __tsan_ignore_thread_begin(); }
void ignore_end() noexcept { __tsan_ignore_thread_end(); }

void acquire(void* address) noexcept { __tsan_acquire(address); }
void release(void* address) noexcept { __tsan_release(address); }
void release_only(unsigned char* address) noexcept {
  __tsan_atomic8_store(address, 0, __ATOMIC_RELEASE);
}

void read(void* address) noexcept { __tsan_read1(address); }
void write(void* address) noexcept { __tsan_write1(address); }

void called_from(void* caller) noexcept { __tsan_func_entry(caller); }
void returned() noexcept { __tsan_func_exit(); }

// Memory that is mapped anew is new to the sanitizer, too.
void forget(void* low, std::size_t bytes) noexcept {
  const RuntimeCode runtime;
  mmap(low, bytes, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
       -1, 0);
  madvise(low, bytes, MADV_NOHUGEPAGE);
}

}  // namespace conclave::detail::sanitizer

#endif
