# The bare-metal guest in the real machine, and the DSDT in ACPICA's interpreter. The program as users run it, so not with
# sanitizers.
if(VIRTCRYPT_SANITIZE)
  return()
endif()

foreach(case one-cpu two-cpus)
  add_test(NAME bare-metal.${case}
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/bare_metal.sh $<TARGET_FILE:virtcrypt>
                   $<TARGET_FILE:bare_metal_guest> ${PROJECT_BINARY_DIR}/bare-metal ${case})
  set_tests_properties(bare-metal.${case} PROPERTIES LABELS bare-metal TIMEOUT 150 SKIP_RETURN_CODE 77)
endforeach()
# Without the device the guest's checks fail, and both guest and program have to say so.
add_test(NAME bare-metal.no-device
         COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/bare_metal.sh $<TARGET_FILE:virtcrypt>
                 $<TARGET_FILE:bare_metal_guest> ${PROJECT_BINARY_DIR}/bare-metal no-device)
set_tests_properties(bare-metal.no-device PROPERTIES LABELS bare-metal TIMEOUT 150 SKIP_RETURN_CODE 77)

# The sandbox of the program, and what happens to a thread that tries what it forbids.
add_library(sandbox_intruder MODULE ${CMAKE_CURRENT_SOURCE_DIR}/intruder.c)
target_link_libraries(sandbox_intruder PRIVATE ${CMAKE_DL_LIBS} virtcrypt_options)
foreach(case threads intruders vhost-user terminal off)
  add_test(NAME sandbox.${case}
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/sandbox.sh $<TARGET_FILE:virtcrypt> $<TARGET_FILE:bare_metal_guest>
                   $<TARGET_FILE:sandbox_intruder> ${PROJECT_BINARY_DIR}/sandbox ${case})
  set_tests_properties(sandbox.${case} PROPERTIES LABELS "bare-metal;sandbox" TIMEOUT 300 SKIP_RETURN_CODE 77)
endforeach()

add_test(NAME acpi.dsdt
         COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/bare_metal_dsdt.sh ${PROJECT_BINARY_DIR}/vmm/boot/dsdt.aml)
set_tests_properties(acpi.dsdt PROPERTIES LABELS acpi TIMEOUT 60 SKIP_RETURN_CODE 77)
