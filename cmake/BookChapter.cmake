# A chapter declares itself in one sentence:
#
#   book_chapter(01-goroutines
#     DEPENDS  common                        # earlier chapters and common: all it may include
#     PACKAGES Boost::fiber fmt::fmt         # libraries of the distribution
#     SOURCES  clock.cpp scheduler.cpp       # of the library, in reading order
#     SEAMS    socket.cpp keys.cpp           # those of them that touch the machine; given, all others may not
#     EXAMPLES counter lost_update           # the text's programs, in the text's order
#     RACING   lost_update step.1            # those in which only the schedule orders what they share; steps, too
#     FAULTS   deadlock_2 panic_below        # programs with a planted fault, for what they print
#     SIMULATIONS counter                    # programs of simulations/ that live in simulated worlds
#     OWN_BENCH grpc)                        # programs of bench/ that the chapter adds by itself
#
# and gets
#   book::goroutines                  the library goroutines/, included as "goroutines/x.hpp"
#   goroutines.step.1 ...             a program for each steps/N-....cpp
#   goroutines.example.counter ...    a program for each example
#   goroutines.fault.uncaught ...     a program for each fault
#   goroutines.simulation.counter     a program for each simulation
#   goroutines.without               a program and one of the chapter's mutants, on request only (BookWithout.cmake)
#   goroutines.tests                  one program from tests/chapters/01-goroutines/*_test.cpp
#   goroutines.bench.x                a program for each bench/x.cpp, built on request only
#   goroutines.steps, .examples, .faults    all programs of that kind
#
# Each step, each example, each fault and each simulation is also a test: its output must be that of the .out file beside
# it.  (A simulation prints the traces of its first worlds, as numbers: so they are the same in every preset.)
include(GoogleTest)
include(BookBatches)
include(BookWithout)

function(book_chapter folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;PACKAGES;SOURCES;SEAMS;EXAMPLES;RACING;FAULTS;SIMULATIONS;OWN_BENCH")
  if(arg_UNPARSED_ARGUMENTS OR NOT folder MATCHES "^[0-9][0-9]-([a-z]+)$")
    message(FATAL_ERROR "book_chapter(${folder}): want NN-name, then DEPENDS, PACKAGES, SOURCES, "
                        "SEAMS, EXAMPLES, RACING, FAULTS, SIMULATIONS and OWN_BENCH; cannot read '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  set(name ${CMAKE_MATCH_1})
  list(TRANSFORM arg_DEPENDS PREPEND book::)
  list(TRANSFORM arg_SOURCES PREPEND ${name}/)

  add_library(${name} STATIC ${arg_SOURCES})
  add_library(book::${name} ALIAS ${name})
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${arg_DEPENDS} ${arg_PACKAGES} PRIVATE book_runtime_options)
  # A debugger knows the library's types, also in a preset whose programs know their lines only.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Debug,RelWithDebInfo>:-g>)
  book_batches(${name})

  # A step grows the library from nothing, so it has what the library has, and not the library.
  # Its switches are its own, and ThreadSanitizer does not know them.
  add_custom_target(${name}.steps)
  file(GLOB steps RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS steps/[0-9]*.cpp)
  foreach(source IN LISTS steps)
    string(REGEX MATCH "[0-9]+" number ${source})
    _book_program(${name}.step.${number} ${source} book_runtime_options ${arg_DEPENDS} ${arg_PACKAGES})
    add_dependencies(${name}.steps ${name}.step.${number})
  endforeach()

  book_without(${name} ${arg_SOURCES})

  add_custom_target(${name}.examples)
  foreach(example IN LISTS arg_EXAMPLES)
    _book_program(${name}.example.${example} examples/${example}.cpp book_options book::${name})
    add_dependencies(${name}.examples ${name}.example.${example})
  endforeach()
  list(TRANSFORM arg_RACING PREPEND example. REGEX "^[^.]+$")
  foreach(program IN LISTS arg_RACING)  # ThreadSanitizer would be right
    set_tests_properties(${name}.${program} PROPERTIES ENVIRONMENT CONCLAVE_SWITCHES_ORDER=1)
  endforeach()
  list(JOIN arg_EXAMPLES "\n" lines)
  file(CONFIGURE OUTPUT examples.txt CONTENT "${lines}\n")  # for tools/chapter, which runs them in this order

  add_custom_target(${name}.faults)
  foreach(fault IN LISTS arg_FAULTS)
    _book_program(${name}.fault.${fault} faults/${fault}.cpp book_options book::${name})
    add_dependencies(${name}.faults ${name}.fault.${fault})
  endforeach()
  list(JOIN arg_FAULTS "\n" lines)
  file(CONFIGURE OUTPUT faults.txt CONTENT "${lines}\n")  # which are run one at a time only

  add_custom_target(${name}.simulations)
  foreach(simulation IN LISTS arg_SIMULATIONS)
    _book_program(${name}.simulation.${simulation} simulations/${simulation}.cpp book_options book::${name})
    add_dependencies(${name}.simulations ${name}.simulation.${simulation})
  endforeach()
  if(arg_SEAMS AND NOT BOOK_SANITIZE)  # whose builds have several sources in an object, and checks that call much
    set(programs ${arg_SIMULATIONS})
    list(TRANSFORM programs REPLACE "(.+)" "$<TARGET_OBJECTS:${name}.simulation.\\1>")
    list(JOIN arg_SEAMS , seams)
    add_test(NAME ${name}.seams
      COMMAND ${PROJECT_SOURCE_DIR}/tools/check_seams --seams ${seams} $<TARGET_FILE:${name}> ${programs}
      COMMAND_EXPAND_LISTS)
  endif()
  list(JOIN arg_SIMULATIONS "\n" lines)
  file(CONFIGURE OUTPUT simulations.txt CONTENT "${lines}\n")  # for tools/simulate

  file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/chapters/${folder}/*_test.cpp)
  if(tests)
    add_executable(${name}.tests ${tests})
    target_link_libraries(${name}.tests PRIVATE book::${name} book::testing book_options)
    book_batches(${name}.tests)
    gtest_discover_tests(${name}.tests TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
  endif()

  file(GLOB benchmarks RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} CONFIGURE_DEPENDS bench/*.cpp)
  list(TRANSFORM arg_OWN_BENCH REPLACE "(.+)" "bench/\\1.cpp")
  list(REMOVE_ITEM benchmarks ${arg_OWN_BENCH})
  foreach(source IN LISTS benchmarks)
    _book_benchmark(${name} ${source} book::${name} book::bench)
  endforeach()
endfunction()

# A program of the text and the test that compares its output with the .out file beside its source.
function(_book_program target source)  # and what it links
  cmake_path(GET source PARENT_PATH folder)
  cmake_path(GET source STEM LAST_ONLY stem)
  add_executable(${target} ${source})
  set_target_properties(${target} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${folder} OUTPUT_NAME ${stem})
  target_link_libraries(${target} PRIVATE ${ARGN})
  _book_output_test(${target} ${folder}/${stem}.out $<TARGET_FILE:${target}>)
endfunction()

# The test that a program prints what is in the file `expected`.
function(_book_output_test name expected program)
  add_test(NAME ${name} COMMAND ${PROJECT_SOURCE_DIR}/tools/run_example
    --expect ${CMAKE_CURRENT_SOURCE_DIR}/${expected} ${program})
  set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()

# A program that measures, built on request only: NAME.bench.STEM.
function(_book_benchmark name source)
  cmake_path(GET source PARENT_PATH folder)
  cmake_path(GET source STEM stem)
  add_executable(${name}.bench.${stem} EXCLUDE_FROM_ALL ${source})
  set_target_properties(${name}.bench.${stem} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${folder} OUTPUT_NAME ${stem})
  target_link_libraries(${name}.bench.${stem} PRIVATE ${ARGN} book_options)
endfunction()
