# An exercise declares itself in one sentence:
#
#   book_exercise(01-2-wait-for-all
#     KIND    build                        # predict diagnose fix build break-it rebuild
#     CHAPTER goroutines                   # the library it extends
#     SOURCES for_all.cpp                  # what the reader writes; answers.txt for predict and diagnose
#     GIVEN   programs.cpp                 # what the exercise brings along and the reader only reads
#     STUB_FAILS ForAll.RunsEveryItem todo)  # the untouched stub: which test fails, and how (pairs)
#
# Its files:
#   exercises/01-2-wait-for-all/         README.md, contract, stub, hints/1.md 2.md 3.md
#   solutions/01-2-wait-for-all/         README.md, the same SOURCES, also-right/NAME.cpp (or .txt)
#   tests/exercises/01-2-wait-for-all_test.cpp       and more in tests/exercises/01-2-wait-for-all/
#   tests/mutants/01-2-wait-for-all/NAME.mutant      wrong answers; the format is in tools/book_exercises.py
#
# Its programs, all linked from one set of test objects:
#   solution.01-2            tested by default, as is each
#   also_right.01-2.NAME
#   exercise.01-2            the reader's; built on request (make check EX=01-2)
#   mutant.01-2.NAME         built by the target `mutants`
#
# An exercise without a compiler (predict, diagnose) has the one program solution.01-2, which is told
# by the environment which answers.txt to read.
#
# Its gates, which a plain ctest leaves out:
#   gate.stub.01-2      `ctest -C gates -L stub`, after building the target `stubs`
#   gate.mutants.01-2   `ctest -C gates -L mutants`, after building the target `mutants`
include(GoogleTest)

set(_book_judge ${CMAKE_CURRENT_LIST_DIR}/../tools/mutants)
set(_book_gate ${CMAKE_CURRENT_LIST_DIR}/../tools/exercise_gate)
set(_book_format ${CMAKE_CURRENT_LIST_DIR}/../tools/book_exercises.py)
set(_book_exercises_dir ${CMAKE_BINARY_DIR}/exercises)  # one NN-N-name.json for each, for the tools
file(GLOB _book_stale ${_book_exercises_dir}/*.json)
if(_book_stale)
  file(REMOVE ${_book_stale})
endif()

add_custom_target(stubs)
add_custom_target(mutants)

function(book_exercise folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "KIND;CHAPTER" "SOURCES;GIVEN;STUB_FAILS")
  _book_check_exercise()

  add_library(tests.${id} OBJECT EXCLUDE_FROM_ALL ${test} ${more_tests} ${given})
  target_include_directories(tests.${id} PUBLIC ${exercise_dir} ${PROJECT_SOURCE_DIR}/tests/exercises)
  target_link_libraries(tests.${id} PUBLIC book::${arg_CHAPTER} book::exercise_support book::testing PRIVATE book_options)

  if(text)
    _book_exercise_program(solution.${id})
    _book_test_answer(solution.${id} solution.${id} CONCLAVE_ANSWERS=${solution_dir}/answers.txt)
    foreach(other IN LISTS also_right)
      cmake_path(GET other STEM name)
      _book_test_answer(solution.${id} also_right.${id}.${name} CONCLAVE_ANSWERS=${other})
    endforeach()
    add_custom_target(exercise.${id})
    add_dependencies(exercise.${id} solution.${id})
    set(program solution.${id})
  else()
    _book_exercise_program(solution.${id} ${solutions})
    _book_test_answer(solution.${id} solution.${id})
    foreach(other IN LISTS also_right)
      cmake_path(GET other STEM name)
      _book_exercise_program(also_right.${id}.${name} ${other})
      _book_test_answer(also_right.${id}.${name} also_right.${id}.${name})
    endforeach()
    _book_exercise_program(exercise.${id} ${stubs})
    set_target_properties(exercise.${id} PROPERTIES EXCLUDE_FROM_ALL ON)
    # Where something is still to be written, a parameter may be unused.  A reader waits for the compiler after each
    # save, and may look with a debugger: -Og is better for both.
    target_compile_options(exercise.${id} PRIVATE -Wno-unused-parameter $<$<CONFIG:RelWithDebInfo>:-Og>)
    set(program exercise.${id})
  endif()
  add_dependencies(stubs exercise.${id})

  set(mutants "")
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/mutants/${folder}/*.mutant)
  foreach(mutant IN LISTS files)
    _book_mutated_copy(${mutant})  # sets name, file, copy
    cmake_path(GET file FILENAME basename)
    if(NOT file STREQUAL "solutions/${folder}/${basename}" OR NOT basename IN_LIST arg_SOURCES)
      message(FATAL_ERROR "${mutant}: 'file: ${file}' is not an answer to ${folder}; "
                          "want solutions/${folder}/ and one of: ${arg_SOURCES}")
    endif()
    if(text)
      add_custom_target(mutant.${id}.${name} DEPENDS ${copy})
      add_dependencies(mutant.${id}.${name} solution.${id})
      set(mutant_program solution.${id})
      set(answers ${copy})
    else()
      set(sources ${solutions})
      list(REMOVE_ITEM sources ${solution_dir}/${basename})
      _book_exercise_program(mutant.${id}.${name} ${copy} ${sources})
      _book_build_mutant(mutant.${id}.${name})
      set(mutant_program mutant.${id}.${name})
      set(answers "")
    endif()
    add_dependencies(mutants mutant.${id}.${name})
    _book_describe_mutant(${mutant} ${mutant_program} "${answers}")
  endforeach()

  _book_describe(KIND ${arg_KIND} PROGRAM ${program} SOURCES ${arg_SOURCES} GIVEN ${arg_GIVEN} TESTS ${test} ${more_tests}
    STUB_FAILS ${arg_STUB_FAILS} MUTANTS ${mutants})
  _book_add_gate(stub ${_book_gate})
  _book_add_gate(mutants ${_book_judge} built)
endfunction()

# Wrong versions of a chapter's own code, judged by the chapter's own tests.
#
#   book_chapter_mutants(01-goroutines)    from tests/mutants/01-goroutines/*.mutant
#
# A mutated .cpp is linked before the library, which then never brings in its own.  A mutated header is first on the
# include path of the one test file that holds the mutant's test.
function(book_chapter_mutants folder)
  string(REGEX REPLACE "^[0-9]+-" "" chapter ${folder})
  set(id ${chapter})
  set(mutants "")
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/mutants/${folder}/*.mutant)
  foreach(mutant IN LISTS files)
    _book_mutated_copy(${mutant})
    if(NOT file MATCHES "^chapters/${folder}/${chapter}/[^/]+[.](cpp|hpp)$")
      message(FATAL_ERROR "${mutant}: 'file: ${file}' is not a source of chapters/${folder}/${chapter}/")
    endif()
    set(target mutant.${chapter}.${name})
    if(file MATCHES "[.]hpp$")
      _book_test_file(${mutant})  # sets test_file
      add_executable(${target} ${test_file} ${copy})
      target_include_directories(${target} BEFORE PRIVATE ${CMAKE_BINARY_DIR}/mutants/${folder}/${name})
    else()
      add_executable(${target} ${copy} $<TARGET_OBJECTS:${chapter}.tests>)
    endif()
    target_link_libraries(${target} PRIVATE book::${chapter} book::testing book_options)
    _book_build_mutant(${target})
    add_dependencies(mutants ${target})
    _book_describe_mutant(${mutant} ${target} "")
  endforeach()
  if(mutants)
    _book_describe(KIND chapter PROGRAM ${chapter}.tests MUTANTS ${mutants})
    _book_add_gate(mutants ${_book_judge} built)
  endif()
endfunction()

# What a reader is told of four answers, kept word for word: the stub, a wrong one, one that crashes and one that hangs.
#
#   book_transcripts(01-2-wait-for-all MUTANT add-inside)
#
# The last two are tests/exercises/transcripts/01-2-crash.cpp and 01-2-hang.cpp, beside what is said.
function(book_transcripts folder)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MUTANT" "")
  string(REGEX MATCH "^[0-9]+-[0-9]+" id ${folder})
  set(kept ${PROJECT_SOURCE_DIR}/tests/exercises/transcripts)
  foreach(case crash hang)
    _book_exercise_program(transcript.${id}.${case} ${kept}/${id}-${case}.cpp)
    _book_build_mutant(transcript.${id}.${case})
  endforeach()
  set(stub exercise.${id})
  set(mutant mutant.${id}.${arg_MUTANT})
  set(crash transcript.${id}.crash)
  set(hang transcript.${id}.hang)
  foreach(case stub mutant crash hang)
    add_dependencies(stubs ${${case}})
    add_test(NAME transcript.${id}.${case} CONFIGURATIONS gates
      COMMAND ${kept}/transcripts_test.py $<TARGET_FILE:${${case}}> ${kept}/${id}-${case}.txt)
    set_tests_properties(transcript.${id}.${case} PROPERTIES LABELS stub TIMEOUT 60)
  endforeach()
endfunction()

# Stops when the sentence or the files it names are not what they should be; else sets what book_exercise() goes on with.
macro(_book_check_exercise)
  set(kinds predict diagnose fix build break-it rebuild)
  set(verdicts failed todo deadlock panic crashed hung exited)
  if(NOT folder MATCHES "^([0-9][0-9]-[0-9]+)-[a-z0-9-]+$")
    message(FATAL_ERROR "book_exercise(${folder}): want a folder NN-N-name, as in 01-2-wait-for-all")
  endif()
  set(id ${CMAKE_MATCH_1})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "book_exercise(${folder}): cannot read '${arg_UNPARSED_ARGUMENTS}'; "
                        "want KIND, CHAPTER, SOURCES, GIVEN, STUB_FAILS")
  endif()
  if(NOT arg_KIND IN_LIST kinds)
    message(FATAL_ERROR "book_exercise(${folder}): KIND is '${arg_KIND}'; want one of: ${kinds}")
  endif()
  if(NOT TARGET book::${arg_CHAPTER})
    message(FATAL_ERROR "book_exercise(${folder}): CHAPTER is '${arg_CHAPTER}', and there is no library book::${arg_CHAPTER}")
  endif()
  set(pairs ${arg_STUB_FAILS})
  if(NOT pairs)
    message(FATAL_ERROR "book_exercise(${folder}): STUB_FAILS is empty; want pairs of a test and how the "
                        "untouched stub fails it, as in: ForAll.RunsEveryItem todo")
  endif()
  while(pairs)
    list(POP_FRONT pairs failing_test verdict)
    if(NOT failing_test MATCHES "^[A-Za-z0-9]+[.][A-Za-z0-9]+$" OR NOT verdict IN_LIST verdicts)
      message(FATAL_ERROR "book_exercise(${folder}): STUB_FAILS has '${failing_test} ${verdict}'; want pairs "
                          "Suite.Test and one of: ${verdicts}")
    endif()
  endwhile()

  set(exercise_dir ${PROJECT_SOURCE_DIR}/exercises/${folder})
  set(solution_dir ${PROJECT_SOURCE_DIR}/solutions/${folder})
  set(test ${PROJECT_SOURCE_DIR}/tests/exercises/${folder}_test.cpp)
  set(stubs ${arg_SOURCES})
  set(solutions ${arg_SOURCES})
  set(given ${arg_GIVEN})
  list(TRANSFORM stubs PREPEND ${exercise_dir}/)
  list(TRANSFORM solutions PREPEND ${solution_dir}/)
  list(TRANSFORM given PREPEND ${exercise_dir}/)
  foreach(path IN LISTS stubs solutions given test)
    if(NOT EXISTS ${path})
      message(FATAL_ERROR "book_exercise(${folder}): there is no ${path}.  If it was yours to write, "
                          "'make reset EX=${id}' brings it back.")
    endif()
  endforeach()
  file(GLOB more_tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/exercises/${folder}/*.cpp)

  set(text FALSE)
  set(extension cpp)
  if(arg_KIND MATCHES "^(predict|diagnose)$")
    set(text TRUE)
    set(extension txt)
    if(NOT arg_SOURCES STREQUAL "answers.txt")
      message(FATAL_ERROR "book_exercise(${folder}): KIND ${arg_KIND} has SOURCES answers.txt, not '${arg_SOURCES}'")
    endif()
  endif()
  file(GLOB also_right CONFIGURE_DEPENDS ${solution_dir}/also-right/*.${extension})
  list(LENGTH arg_SOURCES count)
  if(also_right AND count GREATER 1)
    message(FATAL_ERROR "book_exercise(${folder}): also-right/ answers replace the one source; there are ${count}: ${arg_SOURCES}")
  endif()
endmacro()

# The tests of an answer, a program, with what more is in their environment.
# They ask who runs when, and share variables that only the schedule orders (CONCLAVE_SWITCHES_ORDER): ThreadSanitizer,
# which is told so, would find nothing in them, and is not asked.
function(_book_test_answer target prefix)
  if(BOOK_SANITIZE STREQUAL thread)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  set(environment ${ARGN})
  if(environment)
    list(PREPEND environment ENVIRONMENT)
  endif()
  gtest_discover_tests(${target} TEST_PREFIX ${prefix}. DISCOVERY_TIMEOUT 60 PROPERTIES LABELS exercise TIMEOUT 120
    ENVIRONMENT_MODIFICATION CONCLAVE_SWITCHES_ORDER=set:1 ${environment})
endfunction()

# A program: the exercise's test objects and these sources.
function(_book_exercise_program target)
  add_executable(${target} ${ARGN})
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${target} PRIVATE tests.${id} book_options)
endfunction()

# A mutant is built on request.  Nobody reads its warnings, nor its variables in a debugger: a report's lines are enough.
function(_book_build_mutant target)
  set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  target_compile_options(${target} PRIVATE -w -g1)
endfunction()

# From a .mutant file: `name`, the `file` it alters, and `copy`, the altered copy that the build writes.
# The copy is made when the mutants are built, not now: a reader may take the chapter's code apart and
# still build everything else.
function(_book_mutated_copy mutant)
  cmake_path(GET mutant STEM LAST_ONLY name)
  file(STRINGS ${mutant} line REGEX "^file: " LIMIT_COUNT 1)
  string(REGEX REPLACE "^file: +" "" file "${line}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${mutant})
  if(NOT file OR NOT EXISTS ${PROJECT_SOURCE_DIR}/${file})
    message(FATAL_ERROR "${mutant}: want a line 'file: PATH' that names a file of the book; there is '${line}'")
  endif()
  # Under the same name as in an include, chapter/x.hpp, so that an altered header is found first.
  string(REGEX REPLACE "^[a-z]+/[^/]+/" "" below ${file})
  set(copy ${CMAKE_BINARY_DIR}/mutants/${folder}/${name}/${below})
  add_custom_command(OUTPUT ${copy}
    COMMAND ${_book_judge} alter ${mutant} ${copy}
    DEPENDS ${mutant} ${PROJECT_SOURCE_DIR}/${file} ${_book_judge} ${_book_format}
    COMMENT "Altering ${file} (${name})" VERBATIM)
  return(PROPAGATE name file copy)
endfunction()

# The one file of a chapter's tests that holds the test a mutant names.
function(_book_test_file mutant)
  file(STRINGS ${mutant} line REGEX "^test: " LIMIT_COUNT 1)
  string(REGEX REPLACE "^test: +([A-Za-z0-9]+)[.]([A-Za-z0-9]+).*" "TEST(_F)?[(]\\1, \\2[)]" pattern "${line}")
  file(GLOB candidates CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/chapters/${folder}/*_test.cpp)
  foreach(candidate IN LISTS candidates)
    file(STRINGS ${candidate} found REGEX "${pattern}")
    if(found)
      set(test_file ${candidate})
      return(PROPAGATE test_file)
    endif()
  endforeach()
  message(FATAL_ERROR "${mutant}: no file of tests/chapters/${folder}/ holds the test of '${line}'")
endfunction()

# What the tools read: <build>/exercises/NN-N-name.json, one for each exercise and for each chapter with mutants.
function(_book_describe)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "KIND;PROGRAM" "SOURCES;GIVEN;TESTS;STUB_FAILS;MUTANTS")
  foreach(part SOURCES GIVEN TESTS STUB_FAILS)
    list(JOIN arg_${part} "\", \"" ${part})
    if(${part})
      set(${part} "\"${${part}}\"")
    endif()
  endforeach()
  list(JOIN arg_MUTANTS ",\n    " MUTANTS)
  file(GENERATE OUTPUT ${_book_exercises_dir}/${folder}.json CONTENT "{
  \"folder\": \"${folder}\",
  \"id\": \"${id}\",
  \"kind\": \"${arg_KIND}\",
  \"program\": \"$<TARGET_FILE:${arg_PROGRAM}>\",
  \"sources\": [${SOURCES}],
  \"given\": [${GIVEN}],
  \"tests\": [${TESTS}],
  \"stub_fails\": [${STUB_FAILS}],
  \"mutants\": [
    ${MUTANTS}
  ]
}
")
endfunction()

# Appends to the list `mutants` of the caller.
macro(_book_describe_mutant mutant program answers)
  list(APPEND mutants
    "{\"mutant\": \"${mutant}\", \"program\": \"$<TARGET_FILE:${program}>\", \"answers\": \"${answers}\"}")
endmacro()

# A test that a plain ctest leaves out.
function(_book_add_gate gate)
  add_test(NAME gate.${gate}.${id} CONFIGURATIONS gates
    COMMAND ${ARGN} ${_book_exercises_dir}/${folder}.json WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(gate.${gate}.${id} PROPERTIES LABELS ${gate} TIMEOUT 600)
endfunction()
