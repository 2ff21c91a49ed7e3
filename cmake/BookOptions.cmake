# How every target of the book is compiled.  Link book_options PRIVATE; nothing is set globally.

set(BOOK_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize takes them: address,undefined")

# The options of a target that ThreadSanitizer does not look into: the runtime itself, whose goroutines are the threads.
add_library(book_runtime_options INTERFACE)
target_compile_features(book_runtime_options INTERFACE cxx_std_20)
target_compile_options(book_runtime_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -fno-omit-frame-pointer  # a goroutine's calls can be followed from frame to frame
  -fstack-clash-protection # a function with large variables touches each of their pages, the guard page, too
  $<$<CXX_COMPILER_ID:GNU>:-fno-ipa-icf>)  # two functions with the same code stay two: a report names the right one

add_library(book_options INTERFACE)
target_link_libraries(book_options INTERFACE book_runtime_options)

if(BOOK_SANITIZE)
  if(BOOK_SANITIZE STREQUAL thread)
    target_compile_definitions(book_runtime_options INTERFACE BOOK_DETECTS_RACES)  # goroutines/race_detector.hpp
    set(looked_into book_options)
  else()
    set(looked_into book_runtime_options)
  endif()
  target_compile_options(${looked_into} INTERFACE -fsanitize=${BOOK_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(book_runtime_options INTERFACE -fsanitize=${BOOK_SANITIZE})
endif()
