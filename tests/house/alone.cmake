# Compiles each of HEADERS as the first thing that a program includes. Those of which each includes all before it are
# compiled together: none sees more than it includes. What is precompiled stands in for the same files only where the
# first of them includes all of these itself. Arguments: HEADERS, INCLUDE (the folder of the headers), PRECOMPILED (files
# of nothing but includes, those that save most first), COMMAND (a list).
cmake_minimum_required(VERSION 3.24)
include(${CMAKE_CURRENT_LIST_DIR}/includes.cmake)

function(compile headers)
  list(GET headers 0 first)
  reached_by(${first} ${INCLUDE} reached)
  first_within("${PRECOMPILED}" "${reached}" file)
  list(TRANSFORM headers REPLACE "(.+)" "-include;${INCLUDE}/\\1")
  if(file)
    execute_process(COMMAND ${COMMAND} -include ${file} ${headers} -x c++ /dev/null RESULT_VARIABLE failed ERROR_QUIET)
    if(NOT failed)
      return()
    endif()
  endif() # clang loses a macro of a file upon another sometimes, so that a fault counts without them alone
  execute_process(COMMAND ${COMMAND} ${headers} -x c++ /dev/null COMMAND_ERROR_IS_FATAL ANY)
endfunction()

foreach(header IN LISTS HEADERS)
  reached_by(${header} ${INCLUDE} reached)
  if(together AND NOT last IN_LIST reached) # since they were grouped an include has gone
    compile("${together}")
    set(together)
  endif()
  list(APPEND together ${header})
  set(last ${header})
endforeach()
compile("${together}")
