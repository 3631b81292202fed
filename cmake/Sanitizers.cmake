# What is built into everything of ours where JAXSMITH_SANITIZE names sanitizers; the presets asan-ubsan and tsan do.
set(JAXSMITH_SANITIZE "" CACHE STRING "Sanitizers to build with: address;undefined or thread; empty: none")

function(jaxsmith_sanitize target)
  if(NOT JAXSMITH_SANITIZE)
    return()
  endif()
  string(REPLACE ";" "," names "${JAXSMITH_SANITIZE}")
  target_compile_options(${target} INTERFACE -fsanitize=${names} -g1 -fno-omit-frame-pointer)
  target_link_options(${target} INTERFACE -fsanitize=${names})
  if("undefined" IN_LIST JAXSMITH_SANITIZE)
    target_compile_options(${target} INTERFACE -fno-sanitize-recover=undefined)
  endif()
  # GCC takes the constants that Eigen's prefetches name for variables when it puts its checks in.
  target_compile_definitions(${target} INTERFACE EIGEN_DONT_VECTORIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")  # the checks it puts in mislead its own warnings
    target_compile_options(${target} INTERFACE -Wno-maybe-uninitialized -Wno-tsan)
  endif()
endfunction()
