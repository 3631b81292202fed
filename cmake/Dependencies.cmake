# C++ libraries: the system's where it has them, else fetched at an exact version with its checksum.
include(FetchContent)
set(CMAKE_POLICY_VERSION_MINIMUM 3.5)  # for what older releases say of themselves
set(FETCHCONTENT_QUIET ON)
set(FETCHCONTENT_UPDATES_DISCONNECTED ON)

find_package(Threads REQUIRED)

FetchContent_Declare(fmt
  URL https://github.com/fmtlib/fmt/archive/9.1.0.tar.gz
  URL_HASH SHA256=5dea48d1fcddc3ec571ce2058e13910a0d4a6bab4cc09a809d8b1dd1c88ae6f2
  SYSTEM FIND_PACKAGE_ARGS)

set(JSON_BuildTests OFF)
FetchContent_Declare(nlohmann_json
  URL https://github.com/nlohmann/json/releases/download/v3.11.2/json.tar.xz
  URL_HASH SHA256=8c4b26bf4b422252e13f332bc5e388ec0ab5c3443d24399acb675e68278d341f
  SYSTEM FIND_PACKAGE_ARGS 3.10)

set(CLI11_BUILD_TESTS OFF)
set(CLI11_BUILD_EXAMPLES OFF)
FetchContent_Declare(CLI11
  URL https://github.com/CLIUtils/CLI11/archive/v2.1.2.tar.gz
  URL_HASH SHA256=26291377e892ba0e5b4972cdfd4a2ab3bf53af8dac1f4ea8fe0d1376b625c8cb
  SYSTEM FIND_PACKAGE_ARGS 2.1)

set(BUILD_SHARED_LIBS OFF)
set(XXHASH_BUILD_XXHSUM OFF)
FetchContent_Declare(xxHash
  URL https://github.com/Cyan4973/xxHash/archive/v0.8.1.tar.gz
  URL_HASH SHA256=3bb6b7d6f30c591dd65aaaff1c8b7a5b94d81687998ca9400082c739a690436c
  SOURCE_SUBDIR cmake_unofficial
  SYSTEM FIND_PACKAGE_ARGS)

# Eigen is headers only: nothing of its own build is wanted.
FetchContent_Declare(Eigen3
  URL https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.bz2
  URL_HASH SHA256=b4c198460eba6f28d34894e3a5710998818515104d6e74e5cc331ce31e46e626
  SOURCE_SUBDIR headers-only
  SYSTEM FIND_PACKAGE_ARGS 3.4 NO_MODULE)

set(INSTALL_GTEST OFF)
FetchContent_Declare(GTest
  URL https://github.com/google/googletest/archive/refs/tags/release-1.12.1.tar.gz
  URL_HASH SHA256=81964fe578e9bd7c94dfdb09c8e4d6e6759e19967e397dbea48d1c10e45d0df2
  SYSTEM FIND_PACKAGE_ARGS)

FetchContent_MakeAvailable(fmt nlohmann_json CLI11 xxHash Eigen3 GTest)

if(NOT TARGET Eigen3::Eigen)
  add_library(Eigen3::Eigen INTERFACE IMPORTED)
  target_include_directories(Eigen3::Eigen SYSTEM INTERFACE ${eigen3_SOURCE_DIR})
endif()
if(NOT TARGET xxHash::xxhash)
  add_library(xxHash::xxhash ALIAS xxhash)
endif()

if(JAXSMITH_BENCH)
  set(BENCHMARK_ENABLE_TESTING OFF)
  FetchContent_Declare(benchmark
    URL https://github.com/google/benchmark/archive/refs/tags/v1.7.1.tar.gz
    URL_HASH SHA256=6430e4092653380d9dc4ccb45a1e2dc9259d581f4866dc0759713126056bc1d7
    SYSTEM FIND_PACKAGE_ARGS)
  FetchContent_MakeAvailable(benchmark)
endif()
