#include "goroutines/dump.hpp"

#include "goroutines/describe.hpp"
#include "goroutines/processor.hpp"

namespace conclave {

std::string dump_goroutines(std::source_location place) {
  const detail::Goroutine& self = detail::current(place);
  const detail::Processor& processor = *detail::current_processor;
  return detail::describe_goroutines(processor,
                                     processor.calls_to(__builtin_frame_address(0), self));
}

}  // namespace conclave
