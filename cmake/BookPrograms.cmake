# The programs of a page docs/NAME.md lie in the folder docs/NAME:
#
#   book_programs(idioms WITH_GO        # beside each a.cpp lies an a.go, which prints the same
#     DEPENDS  channels                 # the libraries they use
#     PROGRAMS wait_group future)       # in the text's order; a name may also stand for a Python program a.py
#
# and the page gets
#   idioms                      all its programs
#   idioms.future ...           a program for each a.cpp
#   questions.bench.x           a program for each bench/x.cpp, built on request only
#
# Each program is also a test: its output must be that of the .out file beside it.  With Go there are two more kinds
# of tests: idioms.go compiles all Go programs at once, and idioms.go.future compares what one of them prints with the
# same .out file.  Where no Go is installed there is only the first, and it is skipped.

function(book_programs page)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WITH_GO" "" "DEPENDS;PROGRAMS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_PROGRAMS)
    message(FATAL_ERROR "book_programs(${page}): want [WITH_GO], DEPENDS and PROGRAMS; cannot read '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  list(TRANSFORM arg_DEPENDS PREPEND book::)

  add_custom_target(${page})
  foreach(program IN LISTS arg_PROGRAMS)
    set(source ${page}/${program})
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${source}.py)
      _book_output_test(${page}.${program} ${source}.out ${CMAKE_CURRENT_SOURCE_DIR}/${source}.py)
    else()
      _book_program(${page}.${program} ${source}.cpp book_options ${arg_DEPENDS})
      add_dependencies(${page} ${page}.${program})
    endif()
  endforeach()

  if(arg_WITH_GO)
    _book_go_programs(${page} ${arg_PROGRAMS})
  endif()

  file(GLOB benchmarks RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS ${page}/bench/*.cpp)
  foreach(source IN LISTS benchmarks)
    _book_benchmark(${page} ${source} ${arg_DEPENDS})
  endforeach()
endfunction()

# The tests of a page's Go programs.  A test compiles them, so that no build needs Go.
function(_book_go_programs page)
  set(go ${PROJECT_SOURCE_DIR}/tools/go_programs)
  set(built ${CMAKE_CURRENT_BINARY_DIR}/${page}/go)
  list(TRANSFORM ARGN REPLACE "(.+)" "${CMAKE_CURRENT_SOURCE_DIR}/${page}/\\1.go" OUTPUT_VARIABLE sources)
  add_test(NAME ${page}.go COMMAND ${go} build ${built} ${sources})
  set_tests_properties(${page}.go PROPERTIES LABELS no-cpp FIXTURES_SETUP ${page}.go SKIP_RETURN_CODE 77 TIMEOUT 300)
  find_program(BOOK_GO go)
  if(NOT BOOK_GO)
    return()
  endif()
  foreach(program IN LISTS ARGN)
    add_test(NAME ${page}.go.${program}
      COMMAND ${go} expect ${CMAKE_CURRENT_SOURCE_DIR}/${page}/${program}.out ${built}/${program})
    set_tests_properties(${page}.go.${program} PROPERTIES
      LABELS no-cpp FIXTURES_REQUIRED ${page}.go SKIP_RETURN_CODE 77 TIMEOUT 120)
  endforeach()
endfunction()
