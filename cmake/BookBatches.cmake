# Compiles a target's sources several at a time in the presets that sanitize:
#
#   book_batches(goroutines.tests)
#
# Such a build is mostly the same headers, read, instantiated and instrumented once more for each source.
# Elsewhere each source is compiled by itself, and must include what it uses.  tools/book_batches.py says which go together.
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(_book_batches ${CMAKE_CURRENT_LIST_DIR}/../tools/book_batches.py)

function(book_batches target)
  if(NOT BOOK_SANITIZE)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  list(TRANSFORM sources PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ REGEX "^[^/]")
  execute_process(COMMAND ${Python3_EXECUTABLE} -B ${_book_batches} ${sources}
    OUTPUT_VARIABLE numbers COMMAND_ERROR_IS_FATAL ANY)
  foreach(source number IN ZIP_LISTS sources numbers)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP batch_${number})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${sources} ${_book_batches})  # what they declare decides
endfunction()
