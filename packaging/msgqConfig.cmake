# find_package(msgq) makes two targets:
#   msgq::msgq    the shared library
#   msgq::static  the archive
# Both are those of the installation that this file belongs to, wherever that is.

get_filename_component(_msgq_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
foreach(_msgq_dir "lib/${CMAKE_LIBRARY_ARCHITECTURE}" lib64 lib)
  if(EXISTS "${_msgq_prefix}/${_msgq_dir}/libmsgq.so" OR EXISTS "${_msgq_prefix}/${_msgq_dir}/libmsgq.a")
    set(_msgq_libdir "${_msgq_prefix}/${_msgq_dir}")
    break()
  endif()
endforeach()

if(NOT _msgq_libdir)
  set(msgq_FOUND FALSE)
  set(msgq_NOT_FOUND_MESSAGE "there is no libmsgq in a lib directory of ${_msgq_prefix}")
endif()

if(EXISTS "${_msgq_libdir}/libmsgq.so" AND NOT TARGET msgq::msgq)
  add_library(msgq::msgq SHARED IMPORTED)
  set_target_properties(msgq::msgq PROPERTIES
    IMPORTED_LOCATION "${_msgq_libdir}/libmsgq.so"
    IMPORTED_SONAME libmsgq.so.0
    INTERFACE_INCLUDE_DIRECTORIES "${_msgq_prefix}/include")
endif()

if(EXISTS "${_msgq_libdir}/libmsgq.a" AND NOT TARGET msgq::static)
  add_library(msgq::static STATIC IMPORTED)
  set_target_properties(msgq::static PROPERTIES
    IMPORTED_LOCATION "${_msgq_libdir}/libmsgq.a"
    INTERFACE_LINK_LIBRARIES "util;rt;pthread;m;dl"
    INTERFACE_INCLUDE_DIRECTORIES "${_msgq_prefix}/include")
endif()

unset(_msgq_dir)
unset(_msgq_libdir)
unset(_msgq_prefix)
