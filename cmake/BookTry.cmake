# The target `try` compiles one program of the reader's against all chapters.  tools/try says which, by a file that includes it.
set(program ${CMAKE_BINARY_DIR}/try/program.cpp)
if(NOT EXISTS ${program})
  file(WRITE ${program} "")
endif()
add_executable(try EXCLUDE_FROM_ALL ${program})
set_target_properties(try PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/try OUTPUT_NAME program)
target_link_libraries(try PRIVATE book::simulation book_options)
