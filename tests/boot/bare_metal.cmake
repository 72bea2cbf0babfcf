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

add_test(NAME acpi.dsdt
         COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/bare_metal_dsdt.sh ${PROJECT_BINARY_DIR}/vmm/boot/dsdt.aml)
set_tests_properties(acpi.dsdt PROPERTIES LABELS acpi TIMEOUT 60 SKIP_RETURN_CODE 77)
