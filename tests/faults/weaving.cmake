# Test builds of the device with deliberate faults, each behind a switch. Included by whoever has a list.
include_guard(GLOBAL)
set(faults ${PROJECT_SOURCE_DIR}/tests/faults)
add_library(fault_weaving STATIC ${faults}/fault_list.cc ${faults}/weave.cc)
target_include_directories(fault_weaving PUBLIC ${PROJECT_SOURCE_DIR})
target_link_libraries(fault_weaving PUBLIC virtcrypt_options)
add_executable(fault_weaver ${faults}/weaver.cc)
target_link_libraries(fault_weaver PRIVATE fault_weaving)

# NAME: objects that a program links ahead of the rooms, so that the linker takes them in place of the rooms' own: the
# sources that LIST names, with its faults woven in, and the table of them (fault.h).
function(add_faulty_objects name list)
  set(list ${PROJECT_SOURCE_DIR}/tests/faults/${list})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
  file(STRINGS ${list} files REGEX "^file ")
  list(TRANSFORM files REPLACE "^file " "")
  list(REMOVE_DUPLICATES files)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${name})
  set(rooms ${files})
  list(TRANSFORM rooms REPLACE "/.*" "")
  list(REMOVE_DUPLICATES rooms)
  foreach(file ${files})
    if(NOT file MATCHES "\\.cc$" OR NOT EXISTS ${PROJECT_SOURCE_DIR}/${file})
      message(FATAL_ERROR "${list}: ${file} is no source file (.cc)")
    endif()
  endforeach()
  set(originals ${files})
  list(TRANSFORM originals PREPEND ${PROJECT_SOURCE_DIR}/)
  set(copies ${files} faults.cc)
  list(TRANSFORM copies PREPEND ${folder}/)
  add_custom_command(OUTPUT ${copies}
    COMMAND fault_weaver ${list} ${PROJECT_SOURCE_DIR} ${folder}
    DEPENDS fault_weaver ${list} ${originals}
    COMMENT "Weaving the faults of ${name}" VERBATIM)
  add_library(${name} OBJECT ${copies})
  # Sanitizers are to find the faults.
  set_target_properties(${name} PROPERTIES VIRTCRYPT_TEST_CODE OFF)
  # A compiler may see what is wrong with a fault.
  set_source_files_properties(${copies} PROPERTIES COMPILE_OPTIONS -Wno-error)
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  foreach(room ${rooms})
    # As the room's own sources are compiled.
    target_link_libraries(${name} PRIVATE virtcrypt_${room} $<TARGET_PROPERTY:virtcrypt_${room},LINK_LIBRARIES>)
    target_compile_definitions(${name} PRIVATE $<TARGET_PROPERTY:virtcrypt_${room},COMPILE_DEFINITIONS>)
  endforeach()
endfunction()
