# How every target of the book is compiled.  Link book_options PRIVATE; nothing is set globally.

set(BOOK_SANITIZE "" CACHE STRING "Sanitizers to build with, as -fsanitize takes them: address,undefined")

add_library(book_options INTERFACE)
target_compile_features(book_options INTERFACE cxx_std_20)
target_compile_options(book_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion
  -fno-omit-frame-pointer  # a goroutine's calls can be followed from frame to frame
  -fno-ipa-icf)            # two functions with the same code stay two: a report names the right one

if(BOOK_SANITIZE)
  target_compile_options(book_options INTERFACE -fsanitize=${BOOK_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(book_options INTERFACE -fsanitize=${BOOK_SANITIZE})
endif()
