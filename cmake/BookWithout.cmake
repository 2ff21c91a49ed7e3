# A chapter's programs without one of its rules, built on request.  tools/without chooses the program and the mutant: it
# writes the files that these targets compile.
#
#   channels.without          the program, and the altered source before the library, which then never brings in its own
#   channels.without.header   the program and all sources of the chapter, compiled again: an altered header is everybody's
function(book_without name)
  set(written ${CMAKE_BINARY_DIR}/without/${name})
  set(again "")
  foreach(source IN LISTS ARGN)
    list(APPEND again ${written}/again/${source})
  endforeach()
  foreach(file IN ITEMS ${written}/program.cpp ${written}/altered.cpp ${again})
    if(NOT EXISTS ${file})
      file(WRITE ${file} "")
    endif()
  endforeach()

  add_executable(${name}.without EXCLUDE_FROM_ALL ${written}/program.cpp ${written}/altered.cpp)
  target_link_libraries(${name}.without PRIVATE book::${name} book_options)

  add_executable(${name}.without.header EXCLUDE_FROM_ALL ${written}/program.cpp ${again})
  target_include_directories(${name}.without.header BEFORE PRIVATE ${written}/headers)
  target_include_directories(${name}.without.header PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name}.without.header PRIVATE $<TARGET_PROPERTY:${name},LINK_LIBRARIES> book_options)

  foreach(target IN ITEMS ${name}.without ${name}.without.header)
    target_compile_options(${target} PRIVATE -w)  # a mistake may leave something unused
    set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${written})
  endforeach()
endfunction()
