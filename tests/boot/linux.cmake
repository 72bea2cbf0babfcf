# The Linux guest, and the command line's answers to bad input. Both try the program as a user runs it, so not with
# sanitizers, whose builds only run the in-process tests.
if(VIRTCRYPT_SANITIZE)
  return()
endif()

# One boot of the lane runs all scenarios; each is a test of its own that reads what came out.
set(linux_output ${PROJECT_BINARY_DIR}/linux-guest)
add_test(NAME linux-guest.run COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/linux_run.sh ${linux_output})
set_tests_properties(linux-guest.run PROPERTIES
  LABELS linux-guest TIMEOUT 3600 COST 1000 FIXTURES_SETUP linux-guest)
foreach(scenario demo split smp intx devices memory rfc-v2 reload)
  add_test(NAME linux-guest.${scenario}
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/linux_judge.sh ${linux_output} ${scenario})
  set_tests_properties(linux-guest.${scenario} PROPERTIES
    LABELS linux-guest TIMEOUT 30 SKIP_RETURN_CODE 77 FIXTURES_REQUIRED linux-guest)
endforeach()

# QEMU's own device with the back-end of vhost-user behind it.
foreach(case queues1 queues2 no-backend)
  add_test(NAME linux.vhost_user.${case}
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/vhost_user.sh ${PROJECT_BINARY_DIR}/vhost-user ${case})
  set_tests_properties(linux.vhost_user.${case} PROPERTIES
    LABELS "linux-guest;vhost-user" TIMEOUT 900 SKIP_RETURN_CODE 77)
endforeach()

add_executable(vhost_user_front_end ${CMAKE_CURRENT_SOURCE_DIR}/front_end.cc)
target_link_libraries(vhost_user_front_end PRIVATE virtcrypt_virtio virtcrypt_options)
foreach(case capabilities sigterm messages truncated-memory fd-connected fd-listening)
  add_test(NAME cli.vhost-user.${case}
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/vhost_user_cli.sh $<TARGET_FILE:virtcrypt>
                   $<TARGET_FILE:vhost_user_front_end> ${case})
  set_tests_properties(cli.vhost-user.${case} PROPERTIES LABELS "cli;vhost-user" TIMEOUT 120)
endforeach()

foreach(case missing-kernel kernel-is-folder not-a-kernel empty-kernel kernel-32-bit kernel-arm64 missing-initrd no-kernel
        too-little-memory kernel-needs-more-memory bad-memory bad-cpus bad-crypto bad-crypto-feature bad-crypto-algorithm bad-crypto-engine ctl-nobody
        bad-driver-report bench-algorithm bench-plot trace-is-folder payload-without-trace bad-log-level unknown-option unknown-command no-command no-permission no-kvm
        not-kvm conformance-no-permission conformance-not-kvm unsupported-host vhost-user-no-folder vhost-user-long-path
        vhost-user-file vhost-user-in-use vhost-user-no-socket vhost-user-bad-fd vhost-user-fd-and-socket
        vhost-user-nothing vhost-user-bad-crypto)
  add_test(NAME cli.${case}
           COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/cli_errors.sh $<TARGET_FILE:virtcrypt> ${case})
  set_tests_properties(cli.${case} PROPERTIES LABELS cli TIMEOUT 60 SKIP_RETURN_CODE 77)
endforeach()
