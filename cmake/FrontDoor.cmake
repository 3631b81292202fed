# What C++ programs use: the headers of include/jaxsmith, two shared libraries behind them, and a package for
# find_package(jaxsmith). Only what the headers name can be linked with (front_door.map), whatever is inside.
#   jaxsmith::ir        ir.h, score.h: without Arrow
#   jaxsmith::jaxsmith  all headers
if(SKBUILD OR JAXSMITH_SANITIZE)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

function(jaxsmith_front_door target name)
  add_library(${target} SHARED ${ARGN})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name} VERSION ${PROJECT_VERSION} SOVERSION 0
                        LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/front_door.map)
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_compile_definitions(${target} PRIVATE JAXSMITH_VERSION="${PROJECT_VERSION}")
  target_include_directories(${target} PRIVATE include INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>
                             $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include>)
  target_link_libraries(${target} PRIVATE $<BUILD_INTERFACE:jaxsmith_lib> $<BUILD_INTERFACE:jaxsmith_options>)
  target_link_options(${target} PRIVATE -Wl,--as-needed -Wl,--version-script,${CMAKE_SOURCE_DIR}/cmake/front_door.map)
endfunction()

jaxsmith_front_door(jaxsmith_ir jaxsmith_ir src/api/arrays.cc src/api/ir.cc src/api/score.cc)
jaxsmith_front_door(jaxsmith_all jaxsmith src/api/arrays.cc src/api/ir.cc src/api/score.cc src/api/generate.cc)
set_target_properties(jaxsmith_ir PROPERTIES EXPORT_NAME ir)
set_target_properties(jaxsmith_all PROPERTIES EXPORT_NAME jaxsmith)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/jaxsmith)
foreach(part ir all)
  install(TARGETS jaxsmith_${part} EXPORT jaxsmith-${part} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT jaxsmith-${part} NAMESPACE jaxsmith:: DESTINATION ${package})
endforeach()
file(GLOB headers CONFIGURE_DEPENDS include/jaxsmith/*.h)
foreach(header IN LISTS headers)  # status.h is a link to that of src/base: the errors are the same inside
  get_filename_component(name ${header} NAME)
  file(REAL_PATH ${header} file)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/jaxsmith RENAME ${name})
endforeach()
install(DIRECTORY python/jaxsmith DESTINATION ${CMAKE_INSTALL_DATADIR}/jaxsmith/python FILES_MATCHING PATTERN "*.py"
        PATTERN "__pycache__" EXCLUDE)
set(JAXSMITH_PYTHON_PACKAGE ${CMAKE_INSTALL_FULL_DATADIR}/jaxsmith/python)
configure_package_config_file(cmake/jaxsmithConfig.cmake.in jaxsmithConfig.cmake INSTALL_DESTINATION ${package}
                              PATH_VARS JAXSMITH_PYTHON_PACKAGE)
write_basic_package_version_file(jaxsmithConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/jaxsmithConfig.cmake ${CMAKE_BINARY_DIR}/jaxsmithConfigVersion.cmake
        DESTINATION ${package})
