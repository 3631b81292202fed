# Arrow and Parquet for C++ as the pyarrow wheel carries them: the same libraries that read the dataset in Python.
if(NOT Python3_EXECUTABLE AND EXISTS ${CMAKE_SOURCE_DIR}/.venv/bin/python)
  set(Python3_EXECUTABLE ${CMAKE_SOURCE_DIR}/.venv/bin/python)
endif()
find_package(Python3 3.11 REQUIRED COMPONENTS Interpreter)

execute_process(
  COMMAND ${Python3_EXECUTABLE} -c "import pyarrow as p; i = p.cpp_build_info; print(p.get_include(), p.get_library_dirs()[0], i.so_version, sep=';')"
  OUTPUT_VARIABLE pyarrow_facts OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE pyarrow_status ERROR_QUIET)
if(NOT pyarrow_status EQUAL 0)
  message(FATAL_ERROR "pyarrow is missing from ${Python3_EXECUTABLE}: run tools/setup, or name a Python that has it with -DPython3_EXECUTABLE=…")
endif()
list(GET pyarrow_facts 0 pyarrow_include)
list(GET pyarrow_facts 1 pyarrow_libraries)
list(GET pyarrow_facts 2 pyarrow_so)

foreach(part arrow parquet)
  # The wheel has the versioned files only; linking by their full path needs no symbolic links inside it.
  file(GLOB candidates ${pyarrow_libraries}/lib${part}.so.${pyarrow_so} ${pyarrow_libraries}/lib${part}.${pyarrow_so}.dylib)
  if(NOT candidates)
    message(FATAL_ERROR "pyarrow of ${Python3_EXECUTABLE} carries no lib${part}: use the wheel, not a system package")
  endif()
  list(GET candidates 0 library)
  add_library(Arrow::${part} SHARED IMPORTED)
  set_target_properties(Arrow::${part} PROPERTIES IMPORTED_LOCATION ${library}
                        INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${pyarrow_include}
                        INTERFACE_INCLUDE_DIRECTORIES ${pyarrow_include})
endforeach()
# Programs find them from their own folder on, so that a project's folder may be moved.
jaxsmith_path_from_build(${pyarrow_libraries} pyarrow_from_build)
if(pyarrow_from_build)
  set(CMAKE_BUILD_RPATH "$ORIGIN/${pyarrow_from_build}")
endif()
set_target_properties(Arrow::parquet PROPERTIES INTERFACE_LINK_LIBRARIES Arrow::arrow)

# Wheels up to some versions were built with the old std::string; all of our code must have the same.
execute_process(COMMAND nm -D --defined-only ${pyarrow_libraries}/libarrow.so.${pyarrow_so}
                OUTPUT_VARIABLE arrow_symbols ERROR_QUIET)
if(arrow_symbols AND NOT arrow_symbols MATCHES "__cxx11")
  add_compile_definitions(_GLIBCXX_USE_CXX11_ABI=0)
endif()
