# Which files the headers of the library include.

# What FILE includes itself, as written.
function(read_includes file result)
  file(STRINGS ${file} lines REGEX "^ *#include <")
  list(TRANSFORM lines REPLACE " *#include <([^>]+)>.*" "\\1")
  set(${result} ${lines} PARENT_SCOPE)
endfunction()

# HEADER and all that it includes, through headers of the folder INCLUDE.
function(reached_by header include result)
  set(reached)
  set(todo ${header})
  while(todo)
    list(POP_FRONT todo file)
    list(APPEND reached ${file})
    if(EXISTS ${include}/${file})
      get_property(next GLOBAL PROPERTY includes_of_${file}) # is asked for often
      if(NOT next)
        read_includes(${include}/${file} next)
        set_property(GLOBAL PROPERTY includes_of_${file} "${next}")
      endif()
      list(REMOVE_ITEM next ${reached})
      list(APPEND todo ${next})
      list(REMOVE_DUPLICATES todo)
    endif()
  endwhile()
  set(${result} ${reached} PARENT_SCOPE)
endfunction()

# The first of FILES, which hold nothing but includes, all of which are among REACHED; empty if there is none.
function(first_within files reached result)
  set(${result} "" PARENT_SCOPE)
  foreach(file IN LISTS files)
    read_includes(${file} missing)
    list(REMOVE_ITEM missing ${reached})
    if(NOT missing)
      set(${result} ${file} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()
